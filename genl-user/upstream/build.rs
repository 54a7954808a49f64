//! Makes a client and a server of every generic netlink spec of the kernel tree, and messages to test them with.

#[cfg(feature = "specs")]
#[path = "tests/messages/mod.rs"]
#[expect(dead_code, reason = "most of it is for the tests alone")]
mod messages;
#[cfg(feature = "specs")]
#[path = "tests/typed/samples.rs"]
mod samples;

fn main() {
    println!("cargo::rerun-if-env-changed=GENL_KERNEL_SOURCE");
    #[cfg(feature = "specs")]
    clients();
}

#[cfg(feature = "specs")]
fn clients() {
    use std::path::PathBuf;

    let tree = std::env::var_os("GENL_KERNEL_SOURCE")
        .expect("GENL_KERNEL_SOURCE names a kernel tree; `cargo xtask test` sets it");
    let dir = PathBuf::from(tree).join("Documentation/netlink/specs");
    println!("cargo::rerun-if-changed={}", dir.display());
    let files = std::fs::read_dir(&dir).expect("the kernel tree has specs");
    let mut specs: Vec<PathBuf> = files
        .map(|file| file.expect("the specs can be listed").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "yaml")
        })
        .filter(|path| is_generic(path))
        .collect();
    specs.sort();
    genl_schema::build::Clients::new()
        .specs(&specs)
        .server()
        .file("families.rs")
        .run();

    let families = specs.iter().map(|path| {
        let text = std::fs::read_to_string(path).expect("a spec can be read");
        genl_schema::compile(&path.display().to_string(), &text).expect("it has become a client")
    });
    let families: Vec<_> = families.collect();
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets it"));
    std::fs::write(out.join("typed.rs"), samples::tables(&families))
        .expect("cargo's folder can be written");
    let modules: Vec<_> = families.iter().map(|family| family.name.snake()).collect();
    let each = format!(
        "/// Gives a macro the names of all modules.\n\
         macro_rules! each_family {{\n    ($of:ident) => {{ $of! {{ {} }} }};\n}}\n",
        modules.join(" ")
    );
    std::fs::write(out.join("each.rs"), each).expect("cargo's folder can be written");
}

/// Whether a spec is of a generic netlink family. One that has other faults is taken for generic, so
/// that they come to light.
#[cfg(feature = "specs")]
fn is_generic(spec: &std::path::Path) -> bool {
    use genl_schema::diag::Code;

    let text = std::fs::read_to_string(spec).expect("a spec can be read");
    match genl_schema::compile(&spec.to_string_lossy(), &text) {
        Ok(_) => true,
        Err(report) => report
            .diagnostics
            .iter()
            .all(|fault| fault.code != Code::NotGeneric),
    }
}
