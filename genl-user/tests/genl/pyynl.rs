//! The tool's JSON beside that of the kernel tree's own tool, byte for byte.
//!
//! Needs `$GENL_KERNEL_SOURCE`, a kernel tree, and `$GENL_PYTHON`, a Python with yaml; `cargo xtask
//! test` sets both. Families that the running kernel does not have are left out.

use std::path::PathBuf;
use std::process::Command;

use crate::tool::{Said, command, genl, said};

struct Tree {
    source: PathBuf,
    python: PathBuf,
}

impl Tree {
    fn find() -> Self {
        let path = |name: &str| match std::env::var_os(name) {
            Some(path) => path.into(),
            None => panic!("${name} is not set; `cargo xtask test --only host` sets it"),
        };
        Self {
            source: path("GENL_KERNEL_SOURCE"),
            python: path("GENL_PYTHON"),
        }
    }

    fn spec(&self, family: &str) -> PathBuf {
        let specs = self.source.join("Documentation/netlink/specs");
        specs.join(format!("{family}.yaml"))
    }

    fn pyynl(&self, family: &str, mode: &str, operation: &str, json: &str) -> Said {
        let output = Command::new(&self.python)
            .arg(self.source.join("tools/net/ynl/pyynl/cli.py"))
            .arg("--spec")
            .arg(self.spec(family))
            .args([
                "--no-schema",
                "--process-unknown",
                "--output-json",
                "--json",
                json,
            ])
            .args([format!("--{mode}"), operation.to_owned()])
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .output();
        said(output.expect("$GENL_PYTHON runs"))
    }

    fn genl(&self, family: &str, mode: &str, operation: &str, json: &str) -> Said {
        let spec = self.spec(family);
        let output = command(&["--output-json", mode, operation, "--json", json])
            .arg("--spec")
            .arg(spec)
            .output();
        said(output.unwrap())
    }
}

#[test]
fn json_is_the_same() {
    let tree = Tree::find();
    let families = genl(&["families", "--output-json"]).json();
    let has = |name: &str| {
        let mut names = families
            .as_array()
            .unwrap()
            .iter()
            .map(|it| &it["family-name"]);
        names.any(|it| it == name)
    };
    for (family, mode, operation, json) in [
        ("nlctrl", "do", "getfamily", r#"{"family-name": "nlctrl"}"#),
        ("nlctrl", "dump", "getfamily", "{}"),
        (
            "nlctrl",
            "dump",
            "getpolicy",
            r#"{"family-name": "nlctrl"}"#,
        ),
        ("netdev", "dump", "dev-get", "{}"),
        ("netdev", "dump", "queue-get", "{}"),
        ("netdev", "do", "dev-get", r#"{"ifindex": 1}"#),
        ("ethtool", "dump", "strset-get", "{}"),
        ("ethtool", "dump", "features-get", "{}"),
        ("ethtool", "dump", "tsinfo-get", "{}"),
        (
            "ethtool",
            "do",
            "strset-get",
            r#"{"header": {"dev-name": "lo"}, "stringsets": {"stringset": [{"id": 1}]}}"#,
        ),
        ("mptcp_pm", "dump", "get-addr", "{}"),
        ("mptcp_pm", "do", "get-limits", "{}"),
    ] {
        if !has(family) {
            eprintln!("left out: this kernel has no {family}");
            continue;
        }
        let theirs = tree.pyynl(family, mode, operation, json);
        let ours = tree.genl(family, mode, operation, json);
        assert_eq!(ours.code, Some(0), "{family} {operation}: {}", ours.stderr);
        assert_eq!(
            ours.stdout, theirs.stdout,
            "{family} {operation}: {}",
            theirs.stderr
        );
    }
}
