//! Calls by a spec from the command line, of the controller, which any kernel has.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::tool::{Said, command, genl, genl_reads, nlctrl, spec};
use genl_user::dynamic::serde_json::{Value, json};

/// What is known of the controller on every kernel; the rest may grow.
#[track_caller]
fn is_controller(family: &Value) {
    assert_eq!(family["family-name"], "nlctrl", "{family}");
    assert_eq!(
        (&family["family-id"], &family["version"]),
        (&json!(16), &json!(2))
    );
    assert_eq!(family["ops"][0]["1"]["id"], 3);
    let flags = json!(["cmd-cap-do", "cmd-cap-dump", "cmd-cap-haspol"]);
    assert_eq!(family["ops"][0]["1"]["flags"], flags);
    assert_eq!(family["mcast-groups"][0]["1"]["name"], "notify");
}

#[test]
fn do_takes_attributes_in_every_way() {
    let file = std::env::temp_dir().join(format!("genl-json-{}", std::process::id()));
    std::fs::write(&file, r#"{"family-name": "nlctrl"}"#).unwrap();
    let from_file = format!("@{}", file.display());
    for attributes in [
        &["family-name=nlctrl"][..],
        &["family-id=16"],
        &["family-id=0x10"],
        &["--json", r#"{"family-id": 16}"#],
        &["--json", &from_file],
        &["--json", "{}", "family-id=16"],
    ] {
        let said = nlctrl(&[&["do", "getfamily", "--output-json"], attributes].concat());
        assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""));
        is_controller(&said.json());
    }
    std::fs::remove_file(file).unwrap();
    let path = spec("nlctrl.yaml");
    let args = [
        "--spec",
        &path,
        "--output-json",
        "do",
        "getfamily",
        "--json",
        "-",
    ];
    is_controller(&genl_reads(&args, r#"{"family-id": 16}"#).json());
}

#[test]
fn people_get_lines() {
    let said = nlctrl(&["do", "getfamily", "family-id=16"]);
    let expected = "\
family-name: nlctrl
family-id:   16
version:     2
hdrsize:     0
maxattr:     0
ops:
  1:
    id:    3
    flags: cmd-cap-do, cmd-cap-dump, cmd-cap-haspol
";
    assert!(said.stdout.starts_with(expected), "{}", said.stdout);
    assert!(
        said.stdout
            .contains("mcast-groups:\n  1:\n    id:   16\n    name: notify\n")
    );
}

#[test]
fn dump_lists_all() {
    let said = nlctrl(&["dump", "getfamily", "--output-json"]);
    assert_eq!(said.code, Some(0));
    let families = said.json();
    let families = families.as_array().unwrap();
    is_controller(families.iter().find(|it| it["family-id"] == 16).unwrap());

    let lines = nlctrl(&["dump", "getfamily"]).stdout;
    let names = lines
        .lines()
        .filter(|line| line.starts_with("family-name: "));
    assert_eq!(names.count(), families.len());
    assert_eq!(
        lines.lines().filter(|line| line.is_empty()).count(),
        families.len() - 1
    );
}

#[test]
fn nests_whose_types_are_values_are_flat() {
    let said = nlctrl(&["dump", "getpolicy", "family-name=nlctrl", "--output-json"]);
    let pieces = said.json();
    let name = json!({"policy-id": 0, "attr-id": 2, "type": "nul-string", "max-length": 15});
    let mut policies = pieces
        .as_array()
        .unwrap()
        .iter()
        .map(|piece| &piece["policy"]);
    assert!(policies.any(|policy| *policy == name), "{pieces}");
}

#[test]
fn multi_answers_each_in_order() {
    let said = nlctrl(&[
        "--output-json",
        "multi",
        "--do",
        "getfamily",
        r#"{"family-id": 16}"#,
        "--do",
        "getfamily",
        r#"{"family-name": "no-such"}"#,
        "--do",
        "getfamily",
        r#"{"family-name": "nlctrl"}"#,
    ]);
    assert_eq!(said.code, Some(1));
    assert!(
        said.stderr
            .contains("nlctrl refused getfamily: No such file or directory")
    );
    let answers = said.json();
    is_controller(&answers[0]);
    assert_eq!(answers[1]["error"]["errno"], libc::ENOENT);
    is_controller(&answers[2]);
}

#[test]
fn the_kernel_s_refusal_names_the_attribute_and_its_limits() {
    let long = format!("family-name={}", "x".repeat(99));
    nlctrl(&["do", "getfamily", &long]).refused(
        1,
        "error: nlctrl refused getfamily: Invalid argument: Attribute failed policy \
         validation; at family-name, which is \"xxxxxxxxxxxxxxxxxxxxxxxx\"… (99 bytes) and takes \
         nul-string, at most 15 bytes\n",
    );
    nlctrl(&["do", "getfamily", "family-name=no-such"]).refused(
        1,
        "error: nlctrl refused getfamily: No such file or directory\n",
    );
}

#[test]
fn wrong_use_is_said_before_anything_is_sent() {
    for (args, said) in [
        (
            &["do", "getfamly"][..],
            "nlctrl has no operation \"getfamly\"; did you mean \"getfamily\"?",
        ),
        (
            &["do", "getpolicy"],
            "operation \"getpolicy\" of nlctrl has only a dump",
        ),
        (
            &["do", "newfamily"],
            "\"newfamily\" of nlctrl is a notification, to be listened to and not called",
        ),
        (
            &["do", "\u{1b}[31mgetfamily"],
            "nlctrl has no operation \"\\u{1b}[31mgetfamily\"; it has getfamily",
        ),
        (
            &["dump", "set"],
            "nlctrl has no operation \"set\"; it has getfamily, getpolicy",
        ),
        (
            &["do", "getfamily", "familyname=x"],
            "familyname=x: ctrl has no attribute \"familyname\"; did you mean \"family-name\"?",
        ),
        (
            &["do", "getfamily", "name=x"],
            "name=x: ctrl has no attribute \"name\"; did you mean \"family-name\"?",
        ),
        (
            &["do", "getfamily", "family-id"],
            "family-id: it needs a value, behind a =",
        ),
        (
            &["do", "getfamily", "family-id=70000"],
            "getfamily cannot be sent: family-id: 70000 does not fit u16, which holds 0 to 65535",
        ),
        (
            &["do", "getfamily", "ops=x"],
            "ops=x: it takes names inside, behind dots, or JSON: '{\"name\": value}'",
        ),
        (
            &["do", "getfamily", "ops=[{]"],
            "ops=[{]: this is no JSON: key must be a string at line 1 column 3",
        ),
        (
            &["do", "getfamily", "ops[1].id=2"],
            "ops[1].id=2: ops[1] comes before ops[0]",
        ),
        (
            &["do", "getfamily", "family-id.x=1"],
            "family-id.x=1: family-id has no names inside",
        ),
        (
            &["do", "getfamily", "family-id=4", "family-id=5"],
            "family-id=5: family-id has a value already, and is no list",
        ),
        (
            &["do", "getfamily", "--json", r#"{"family-id": null}"#],
            "getfamily cannot be sent: family-id: expected a number (u16), not null",
        ),
        (
            &["do", "getfamily", "family-id=x"],
            "getfamily cannot be sent: family-id: expected a number (u16), not \"x\"",
        ),
        (
            &["do", "getfamily", "--json", r#"{"family": 1}"#],
            "getfamily cannot be sent: ctrl has no attribute \"family\"; it has family-id, \
             family-name, version, hdrsize, maxattr, ops, mcast-groups, policy, op-policy, op",
        ),
        (
            &["do", "getfamily", "--json", "[]"],
            "the JSON is not what it should be: it must be an object: '{\"name\": value}'",
        ),
        (
            &["do", "getfamily", "--json", "{"],
            "the JSON is not what it should be: EOF while parsing an object at line 1 column 1",
        ),
        (
            &[
                "do",
                "getfamily",
                "--json",
                "{\"family-id\": 1, \"family-id\": 2}",
            ],
            "the JSON is not what it should be: \"family-id\" stands there twice at line 1 column 32",
        ),
        (
            &["do", "getfamily", "--json", "@/no/such"],
            "cannot read /no/such: No such file or directory (os error 2)",
        ),
        (
            &["monitor", "notfy"],
            "nlctrl has no multicast group \"notfy\"; did you mean \"notify\"?",
        ),
        (
            &["ops", "getfamly"],
            "nlctrl has no operation or event \"getfamly\"; did you mean \"getfamily\"?",
        ),
    ] {
        nlctrl(args).refused(2, &format!("error: {said}\n"));
    }
    for args in [
        &["do"][..],
        &["multi"],
        &["multi", "--do", "getfamily"],
        &["undo"],
        &[],
    ] {
        assert_eq!(nlctrl(args).code, Some(2), "{args:?}");
    }
    genl(&["do", "getfamily"]).refused(
        2,
        "error: which family? Say --spec FILE, or --family NAME\n",
    );
}

#[test]
fn a_family_that_the_kernel_does_not_have_is_refused() {
    let file = std::env::temp_dir().join(format!("genl-absent-{}.yaml", std::process::id()));
    let text = std::fs::read_to_string(spec("nlctrl.yaml")).unwrap();
    std::fs::write(&file, text.replace("name: nlctrl", "name: absent")).unwrap();
    let path = file.to_str().unwrap();
    for args in [&["dump", "getfamily"][..], &["monitor"]] {
        genl(&[&["--spec", path], args].concat()).refused(
            1,
            "error: the kernel has no netlink family \"absent\": is its module loaded?\n",
        );
    }
    std::fs::remove_file(file).unwrap();
}

#[test]
fn groups_are_the_kernel_s_where_the_spec_lists_none() {
    let file = std::env::temp_dir().join(format!("genl-groups-{}.yaml", std::process::id()));
    let text = "{name: nlctrl, protocol: genetlink, doc: d, \
        attribute-sets: [{name: a, attributes: [{name: id, type: u16}]}], \
        operations: {list: [{name: ask, doc: d, attribute-set: a, \
        do: {request: {attributes: [id]}}}]}}";
    std::fs::write(&file, text).unwrap();
    let monitor = |args: &[&str]| {
        let path = file.to_str().unwrap();
        genl(&[&["--spec", path, "monitor", "--duration", "0"], args].concat())
    };
    for args in [&["notify"][..], &[]] {
        let said = monitor(args);
        assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""));
    }
    let nearest = "did you mean \"notify\"?";
    monitor(&["notfy"]).refused(
        2,
        &format!("error: nlctrl has no multicast group \"notfy\"; {nearest}\n"),
    );
    monitor(&["mgmt"]).refused(
        2,
        "error: nlctrl has no multicast group \"mgmt\"; it has notify\n",
    );
    std::fs::remove_file(file).unwrap();
}

#[test]
fn a_refused_dump_is_no_empty_list() {
    let said = nlctrl(&["dump", "getpolicy", "family-name=no-such", "--output-json"]);
    said.refused(
        1,
        "error: nlctrl refused getpolicy: No such file or directory\n",
    );
}

#[test]
fn message_flags_are_passed_on() {
    // Since kernel 6.0 new families refuse flags that mean nothing to them; the controller is old.
    let said = nlctrl(&[
        "do",
        "getfamily",
        "family-id=16",
        "--replace",
        "--create",
        "--output-json",
    ]);
    is_controller(&said.json());
}

#[test]
fn flags_that_make_a_dump_of_a_do_are_refused() {
    for args in [
        &["do", "getfamily", "--replace", "--excl"][..],
        &["multi", "--do", "getfamily", "{}", "--excl", "--replace"],
    ] {
        let said = nlctrl(args);
        assert_eq!((said.code, said.stdout.as_str()), (Some(2), ""));
        let conflict = "cannot be used with";
        assert!(said.stderr.contains(conflict), "{}", said.stderr);
    }
}

#[test]
fn monitor_ends_when_its_time_is_over() {
    let start = Instant::now();
    let Said { code, stderr, .. } = nlctrl(&["monitor", "notify", "--duration", "0.3"]);
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    let took = start.elapsed();
    assert!(
        (Duration::from_millis(300)..Duration::from_secs(30)).contains(&took),
        "{took:?}"
    );
    assert_eq!(nlctrl(&["monitor", "--count", "0"]).code, Some(0));
    assert_eq!(nlctrl(&["monitor", "--duration", "soon"]).code, Some(2));
}

#[test]
fn ops_tells_what_can_be_called() {
    let said = nlctrl(&["ops"]);
    let line = said.stdout.lines().next().unwrap();
    let doc = "Describe one family, by name or by id, or dump all.";
    assert_eq!(line, format!("getfamily     do dump       {doc}"));
    assert!(
        said.stdout
            .contains("newfamily     event notify  A family was registered.\n")
    );
    let ops = nlctrl(&["ops", "--output-json"]).json();
    assert_eq!(ops[0]["modes"], json!(["do", "dump"]));
    assert_eq!(
        ops[2],
        json!({"name": "newfamily", "value": 1, "modes": ["event"], "mcgrp": "notify"})
    );

    let said = nlctrl(&["ops", "getfamily"]).stdout;
    assert!(
        said.contains("\ndo request\n  family-id: u16 -- The number"),
        "{said}"
    );
    // Limits are in the words of errors, and as what `genl policy` gives.
    assert!(
        said.contains("\n  family-name: string, at most 15 bytes -- "),
        "{said}"
    );
    let op = nlctrl(&["ops", "getfamily", "--output-json"]).json();
    let request = op["do"]["request"].as_array().unwrap();
    let name = request.iter().find(|attr| attr["name"] == "family-name");
    assert_eq!(name.unwrap()["max-length"], 15);
    assert_eq!(request[0]["name"], "family-id");
    assert_eq!(request[0]["max-value"], Value::Null);
    assert!(said.contains("\n  ops: list of nest -- The family's operations.\n      id: u32"));
    let said = nlctrl(&["ops", "newmcast-grp"]).stdout;
    assert!(said.contains("\nevent\n  family-id: u16"), "{said}");
    let event = nlctrl(&["ops", "newmcast-grp", "--output-json"]).json();
    assert_eq!(event["event"][1]["name"], "family-name");
}

#[test]
fn who_has_read_enough_is_no_error() {
    let mut child = command(&["--spec", &spec("nlctrl.yaml"), "dump", "getfamily"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Closed before anything is read: whatever is written meets a broken pipe.
    drop(child.stdout.take());
    let mut said = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(said, "");
}

#[test]
fn pipes_get_no_colours() {
    for args in [&["ops"][..], &["dump", "getfamily"], &["do", "getfamily"]] {
        let Said { stdout, stderr, .. } = nlctrl(args);
        assert!(!stdout.contains('\x1b') && !stderr.contains('\x1b'));
    }
}

#[test]
fn terminals_get_colours_unless_told_otherwise() {
    // `script` gives a program a terminal; not every machine has it.
    let shown = |variable: &str| {
        let genl = env!("CARGO_BIN_EXE_genl");
        let line = format!("{variable} {genl} --spec {} ops", spec("nlctrl.yaml"));
        let mut child = std::process::Command::new("script")
            .args(["-q", "-e", "-c", &line, "/dev/null"])
            .env("TERM", "xterm")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .ok()?;
        let mut first = String::new();
        BufReader::new(child.stdout.take()?)
            .read_line(&mut first)
            .ok()?;
        child.wait().ok()?;
        Some(first)
    };
    if let Some(line) = shown("NO_COLOR=") {
        assert!(line.contains("\x1b[36mgetfamily\x1b[0m"), "{line:?}");
        let plain = shown("NO_COLOR=1").unwrap();
        assert!(plain.starts_with("getfamily  "), "{plain:?}");
    }
}
