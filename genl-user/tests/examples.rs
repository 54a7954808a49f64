//! The examples that need no family but the controller, or bring their own kernel, do what they say;
//! and `genl-user/README.md` lists all examples.
//!
//! Those of kvstore and nltest run against fake kernels in `tests/fake`, and against the modules in
//! `tests/vm`.

#![expect(dead_code, reason = "the main functions of the examples")]

#[path = "../examples/by_spec.rs"]
mod by_spec;
#[path = "../examples/call.rs"]
mod call;
#[path = "../examples/call_async.rs"]
mod call_async;
#[path = "../examples/check.rs"]
mod check;
#[path = "../examples/errors.rs"]
mod errors;
#[path = "../examples/fake_kernel.rs"]
mod fake_kernel;
#[path = "../examples/json.rs"]
mod json;
#[path = "../examples/listen.rs"]
mod listen;
#[path = "../examples/pipeline.rs"]
mod pipeline;
#[path = "../examples/pool.rs"]
mod pool;

use std::fmt::Debug;
use std::path::Path;

use genl_user::Options;
use genl_user::families::kvstore;
use genl_user::testing::Kernel;

/// What an example prints.
fn output<E: Debug>(run: impl FnOnce(&mut Vec<u8>) -> Result<(), E>) -> String {
    let mut out = Vec::new();
    run(&mut out).expect("it runs");
    String::from_utf8(out).expect("text")
}

#[test]
fn call() {
    let told = output(|out| call::run(out, "nlctrl"));
    assert!(told.starts_with("nlctrl has id 16\n"), "{told}");
    // CTRL_CMD_GETFAMILY, whose flags have names.
    assert!(
        told.contains("command 3: CMD_CAP_DO | CMD_CAP_DUMP"),
        "{told}"
    );
    assert!(told.ends_with("group notify\n"), "{told}");
}

#[test]
fn call_async() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let names = vec!["nlctrl".to_owned(), "no-such-family".to_owned()];
    let told = output(|out| runtime.block_on(call_async::run(out, names)));
    let lines: Vec<_> = told.lines().collect();
    assert_eq!(lines[0], "nlctrl has id 16");
    let refused = "no-such-family: nlctrl refused getfamily: No such file or directory";
    assert!(lines[1].starts_with(refused), "{told}");
}

#[test]
fn pipeline() {
    let names = ["nlctrl", "no-such-family", "nlctrl"].map(str::to_owned);
    let told = output(|out| pipeline::run(out, &names));
    let lines: Vec<_> = told.lines().collect();
    assert_eq!((lines[0], lines[2]), ("nlctrl: 16", "nlctrl: 16"));
    assert!(lines[1].contains("No such file or directory"), "{told}");
}

#[test]
fn pool() {
    let told = output(pool::run);
    assert_eq!(told, "400 calls\nof 4 clients at most: true\n");
}

#[test]
fn errors() {
    let told = output(errors::run);
    let lines: Vec<_> = told.lines().collect();
    assert!(
        lines[0].starts_with("nlctrl refused getfamily: Invalid argument"),
        "{told}"
    );
    let expected = [
        "errno:     22",
        "kind:      InvalidInput",
        "message:   Attribute failed policy validation",
        "attribute: getfamily.family-name",
        "value:     \"much-too-long-a-name\" (20 bytes)",
        "takes:     nul-string, at most 15 bytes",
        "missing:   (none)",
        "as std's:  InvalidInput",
    ];
    assert_eq!(lines[1..], expected);
}

#[test]
fn check() {
    let long = "x".repeat(65);
    let good = output(|out| check::run(out, "host", &["a", "b"]));
    assert_eq!(good, "the kernel would take it\n");
    let bad = output(|out| check::run(out, "host", &["a", &long]));
    assert!(
        bad.starts_with("kvstore would refuse set: Invalid argument"),
        "{bad}"
    );
    assert!(bad.contains("at set.meta.label[1]"), "{bad}");
}

#[test]
fn json() {
    let told = output(json::run);
    let families: Vec<serde_json::Value> = told
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let is_controller = |family: &serde_json::Value| family["family_name"] == "nlctrl";
    let controller = families.iter().find(|family| is_controller(family));
    assert_eq!(controller.expect("every kernel has it")["family_id"], 16);
}

#[test]
fn fake_kernel() {
    let told = output(fake_kernel::run);
    let expected = "first run: Some(1)\n\
        second run: Some(2)\n\
        no room: kvstore refused set: No space left on device\n\
        no right: kvstore refused set: Operation not permitted; it takes CAP_NET_ADMIN\n\
        no module: the kernel has no netlink family \"kvstore\": is its module loaded?\n";
    assert_eq!(told, expected);
}

#[test]
fn listen() {
    struct Nothing;
    impl kvstore::server::Handler for Nothing {}

    let kernel = Kernel::new();
    let options = Options::new().kernel(&kernel);
    let meanwhile = || {
        kernel
            .register(kvstore::server::Served(Nothing))
            .expect("it is the first");
        kernel.unregister("kvstore");
    };
    let told = output(|out| listen::run(out, &options, 4, meanwhile));
    let lines: Vec<_> = told.lines().collect();
    assert_eq!(lines[0], "came: Some(\"kvstore\")");
    assert!(lines[1].starts_with("NewmcastGrp("), "{told}");
    assert!(told.contains("gone: Some(\"kvstore\")\n"), "{told}");
}

#[test]
fn by_spec() {
    let spec = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../schema/families/nlctrl.yaml"
    );
    let values = r#"{"family-name": "nlctrl"}"#;
    let told = output(|out| by_spec::run(out, spec, "getfamily", values));
    let reply: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!(reply["family-id"], 16);
    let wrong = by_spec::run(&mut Vec::new(), spec, "get-family", values);
    let error = wrong.expect_err("there is no such operation").to_string();
    assert!(error.contains("did you mean \"getfamily\"?"), "{error}");
}

/// `cargo xtask new` makes an example of the family's name, as that of a Rust module.
fn is_of_a_family(example: &str) -> bool {
    let specs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schema/families");
    let names = [example.to_owned(), example.replace('_', "-")];
    let mut specs = names
        .map(|name| specs.join(name).with_extension("yaml"))
        .into_iter();
    specs.any(|spec| spec.exists())
}

/// The names of all examples.
fn names() -> Vec<String> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let files = dir.read_dir().expect("a folder");
    let files = files.map(|file| file.expect("a file").file_name());
    let mut names: Vec<_> = files
        .filter_map(|file| Some(file.to_str()?.strip_suffix(".rs")?.to_owned()))
        .filter(|name| !is_of_a_family(name))
        .collect();
    names.sort();
    names
}

#[test]
fn all_are_listed() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(readme).expect("a readme");
    // `[call](examples/call.rs)`
    let links = readme.split("(examples/").skip(1);
    let listed = links.filter_map(|link| link.split_once(".rs)"));
    let mut listed: Vec<_> = listed.map(|(name, _)| name.to_owned()).collect();
    listed.sort();
    assert_eq!(listed, names());
}

#[test]
fn all_are_run() {
    let mut tests = String::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")];
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir().expect("a folder") {
            let path = entry.expect("an entry").path();
            match path.is_dir() {
                true => folders.push(path),
                false => tests += &std::fs::read_to_string(path).unwrap_or_default(),
            }
        }
    }
    // The demo runs it.
    let names = names().into_iter().filter(|name| name != "tour");
    for name in names {
        let is_run = tests.contains(&format!("examples/{name}.rs"))
            || tests.contains(&format!("join(\"{name}\")"));
        assert!(is_run, "no test runs {name}");
    }
}
