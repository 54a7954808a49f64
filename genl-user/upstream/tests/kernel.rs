//! Kernel code of upstream families: made, or refused with a word for each construct.

use std::path::Path;
use std::{env, fs};

use genl_schema::diag::Code;
use genl_schema::emit::{self, Origin};
use genl_schema::{compile, compile_for_kernel, rustfmt};

#[test]
fn is_rust_or_is_refused() {
    let tree = env::var_os("GENL_KERNEL_SOURCE").expect("GENL_KERNEL_SOURCE; xtask sets it");
    let dir = Path::new(&tree).join("Documentation/netlink/specs");
    let (mut made, mut refused) = (0, 0);
    for file in fs::read_dir(dir).expect("the tree has specs") {
        let path = file.expect("a file").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let text = fs::read_to_string(&path).expect("a spec");
        if !name.ends_with(".yaml") || compile(&name, &text).is_err() {
            continue;
        }
        match compile_for_kernel(&name, &text) {
            Ok(family) => {
                let origin = Origin {
                    command: "test",
                    spec: &name,
                };
                let code = emit::kernel::render(&family, origin);
                rustfmt::format(&code, "2021").unwrap_or_else(|error| panic!("{name}: {error}"));
                made += 1;
            }
            Err(report) => {
                for fault in &report.diagnostics {
                    assert_eq!(fault.code, Code::NotSupported, "{report}");
                }
                refused += 1;
            }
        }
    }
    println!("{made} made, {refused} refused");
    assert!(
        made >= 1 && made + refused >= 25,
        "{made} made, {refused} refused"
    );
}
