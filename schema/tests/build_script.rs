//! Clients made by a build script: the files, and what cargo does with an app that has one.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::SystemTime;

use genl_schema::build::{Clients, Error};

const PACKAGE: &str = env!("CARGO_MANIFEST_DIR");

/// An empty folder of its own for each test.
fn empty(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if dir.exists() {
        fs::remove_dir_all(&dir).unwrap();
    }
    fs::create_dir_all(&dir).unwrap();
    dir
}

fn family(name: &str) -> PathBuf {
    Path::new(PACKAGE).join("families").join(name)
}

#[test]
fn each_client_has_a_file_or_all_have_one() {
    let dir = empty("files");
    let clients = Clients::new()
        .specs([family("kvstore.yaml"), family("nltest.yaml")])
        .out_dir(&dir);
    let files = clients.generate().unwrap();
    assert_eq!(files, [dir.join("kvstore.rs"), dir.join("nltest.rs")]);
    let text = fs::read_to_string(&files[0]).unwrap();
    let [attribute, module] = [0, 1].map(|line| text.lines().nth(line).unwrap());
    assert!(attribute.starts_with("#[allow(dead_code, "));
    assert!(module == "pub mod kvstore {" && text.ends_with("}\n"));

    let files = clients.file("families.rs").generate().unwrap();
    assert_eq!(files, [dir.join("families.rs")]);
    let text = fs::read_to_string(&files[0]).unwrap();
    assert!(text.contains("pub mod kvstore {\n") && text.contains("pub mod nltest {\n"));
}

#[test]
fn a_file_that_stays_the_same_is_not_written() {
    let dir = empty("unchanged");
    let clients = Clients::new().spec(family("kvstore.yaml")).out_dir(&dir);
    let [file] = &clients.generate().unwrap()[..] else {
        panic!("one spec, one file");
    };
    fs::File::options()
        .write(true)
        .open(file)
        .unwrap()
        .set_modified(SystemTime::UNIX_EPOCH)
        .unwrap();
    clients.generate().unwrap();
    let written = fs::metadata(file).unwrap().modified().unwrap();
    assert_eq!(written, SystemTime::UNIX_EPOCH);

    fs::write(file, "something else").unwrap();
    clients.generate().unwrap();
    assert!(
        fs::read_to_string(file)
            .unwrap()
            .contains("pub mod kvstore")
    );
}

#[test]
fn what_cannot_be_made_is_said() {
    let dir = empty("refused");
    let generate = |specs: &[PathBuf]| {
        let clients = Clients::new().specs(specs.to_vec()).out_dir(&dir);
        clients.generate().unwrap_err()
    };

    let error = generate(&[dir.join("absent.yaml")]);
    assert!(matches!(&error, Error::Read { path, .. } if path.ends_with("absent.yaml")));

    let error = generate(&[family("kvstore.yaml"), family("kvstore.yaml")]);
    assert!(matches!(&error, Error::SameModule { module, .. } if module == "kvstore"));

    let broken = ["one.yaml", "two.yaml"].map(|name| dir.join(name));
    for path in &broken {
        fs::write(path, "name: x\n").unwrap();
    }
    let error = generate(&[broken.to_vec(), vec![family("kvstore.yaml")]].concat());
    let text = error.to_string();
    assert!(text.contains("one.yaml:1:1") && text.contains("two.yaml:1:1"));
    assert!(!dir.join("kvstore.rs").exists());
}

#[test]
fn a_server_is_made_of_what_a_kernel_could_serve() {
    let dir = empty("servers");
    let clients = |spec: PathBuf| Clients::new().spec(spec).out_dir(&dir);
    let text = |clients: &Clients| {
        let files = clients.generate().unwrap();
        fs::read_to_string(&files[0]).unwrap()
    };
    let kvstore = clients(family("kvstore.yaml"));
    assert!(!text(&kvstore).contains("pub mod server {"));
    assert!(text(&kvstore.server()).contains("pub mod server {"));

    // One of two has a header, so that nobody could tell where the attributes of a request begin.
    let spec = "\
name: mixed
doc: Of two kinds.
protocol: genetlink-legacy
definitions:
  - name: head
    type: struct
    members: [ { name: number, type: u32 } ]
attribute-sets:
  - name: thing
    attributes: [ { name: name, type: string } ]
operations:
  list:
    - name: find
      doc: Find it.
      attribute-set: thing
      do: { request: { attributes: [ name ] } }
    - name: place
      doc: Place it.
      attribute-set: thing
      fixed-header: head
      do: { request: { attributes: [ name ] } }
";
    let mixed = dir.join("mixed.yaml");
    fs::write(&mixed, spec).unwrap();
    let mixed = clients(mixed);
    assert!(text(&mixed).contains("pub mod mixed {"));
    let error = mixed.server().generate().unwrap_err().to_string();
    assert!(error.contains("headers of different sizes"), "{error}");
}

/// Where cargo builds.
fn target() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap()
}

/// One of the apps beside this crate, in a place where its files can be changed.
struct App {
    dir: PathBuf,
}

impl App {
    fn new(name: &str, files: &[&str]) -> Self {
        let from = Path::new(PACKAGE).join(name);
        let dir = empty(name);
        for file in ["Cargo.toml", "build.rs", "src/main.rs"]
            .iter()
            .chain(files)
        {
            let to = dir.join(file);
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(from.join(file), to).unwrap();
        }
        let app = Self { dir };
        let root = Path::new(PACKAGE).parent().unwrap();
        app.replace(
            "Cargo.toml",
            "\"../../genl-user\"",
            &format!("{:?}", root.join("genl-user")),
        );
        app.replace("Cargo.toml", "\"..\"", &format!("{PACKAGE:?}"));
        // The same versions, so that no network is needed.
        fs::copy(root.join("Cargo.lock"), app.dir.join("Cargo.lock")).unwrap();
        app
    }

    fn replace(&self, file: &str, old: &str, new: &str) {
        let path = self.dir.join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(old));
        fs::write(path, text.replace(old, new)).unwrap();
    }

    fn cargo(&self, verb: &str) -> Output {
        Command::new(env!("CARGO"))
            .args([verb, "--offline", "--verbose"])
            .current_dir(&self.dir)
            .env("CARGO_TARGET_DIR", target())
            .output()
            .unwrap()
    }

    /// Builds it, and gives what cargo said.
    fn build(&self) -> String {
        let output = self.cargo("build");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{said}");
        said
    }
}

#[test]
fn an_app_outside_the_workspace_follows_its_spec() {
    let app = App::new("example-app", &["schema/nlctrl.yaml"]);
    let output = app.cargo("run");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    // Not anywhere: cargo, being verbose, prints what it calls too.
    assert!(
        !said.lines().any(|line| line.starts_with("warning")),
        "{said}"
    );
    let families = String::from_utf8(output.stdout).unwrap();
    assert!(
        families.lines().any(|line| line.trim() == "16 nlctrl"),
        "{families}"
    );

    let said = app.build();
    assert!(said.contains("Fresh example-app"), "{said}");

    // Where nothing outside the app can reach what it has no use for.
    let include = "include!(concat!(env!(\"OUT_DIR\"), \"/nlctrl.rs\"));";
    let private = format!("mod proto {{ {include} }}\nuse proto::nlctrl;");
    app.replace("src/main.rs", include, &private);
    let said = app.build();
    assert!(said.contains("Compiling example-app"), "{said}");
    assert!(
        !said.lines().any(|line| line.starts_with("warning")),
        "{said}"
    );

    // Whether the app sees it: the old name of the getter is gone.
    app.replace("schema/nlctrl.yaml", "family-name", "title");
    let output = app.cargo("build");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        !output.status.success() && said.contains("no method named `family_name`"),
        "{said}"
    );
    app.replace("src/main.rs", "family_name", "title");
    app.build();

    app.replace(
        "schema/nlctrl.yaml",
        "attribute-set: family",
        "attribute-set: famly",
    );
    let output = app.cargo("build");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success(), "{said}");
    for words in [
        "schema/nlctrl.yaml:",
        "attribute-set: famly",
        "did you mean `family`?",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(
        !said.contains('\u{1b}') && !said.contains("panicked"),
        "{said}"
    );
}

#[test]
fn an_app_with_a_family_of_its_own_passes_its_tests() {
    let files = ["src/lib.rs", "schema/thermo.yaml", "tests/house.rs"];
    let app = App::new("example-house", &files);
    let output = app.cargo("test");
    let told = String::from_utf8(output.stdout).unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}{told}");
    assert!(
        !said.lines().any(|line| line.starts_with("warning")),
        "{said}"
    );
    assert!(told.contains("test result: ok. 3 passed"), "{told}");

    // What it needs was built for its tests.
    let program = target().join("debug/example-house");
    let mut server = Command::new(&program)
        .arg("serve")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut port = String::new();
    let mut printed = BufReader::new(server.stdout.take().unwrap());
    printed.read_line(&mut port).unwrap();
    let ask = |words: &[&str]| {
        let mut client = Command::new(&program);
        let output = client.arg(port.trim()).args(words).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let warm = ask(&["warm", "kitchen", "200"]);
    let list = ask(&["list"]);
    server.kill().unwrap();
    server.wait().unwrap();
    assert_eq!(warm, "200\n");
    let kitchen = "GetReply { name: Some(\"kitchen\"), target: Some(200), mode: Some(Heat) }\n";
    assert_eq!(list, kitchen);
}
