//! Makes a client of every generic netlink spec of the kernel tree.

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
        .specs(specs)
        .file("families.rs")
        .run();
}

/// Whether a spec is of a generic netlink family, which it is where it does not say otherwise.
#[cfg(feature = "specs")]
fn is_generic(spec: &std::path::Path) -> bool {
    let text = std::fs::read_to_string(spec).expect("a spec can be read");
    !text
        .lines()
        .any(|line| line.starts_with("protocol: netlink-raw"))
}
