//! Specs on the command line: found by name, compared with the kernel, and what it says of itself.

use crate::tool::{command, folder, genl, said, spec};
use std::process::Command;

use genl_user::dynamic::serde_json::json;

#[test]
fn a_family_s_spec_is_found_by_file_and_by_the_name_inside() {
    let folder = folder();
    let other = std::env::temp_dir().join(format!("genl-specs-{}", std::process::id()));
    std::fs::create_dir_all(&other).unwrap();
    std::fs::copy(
        folder.join("nlctrl.yaml"),
        other.join("of_another_name.yaml"),
    )
    .unwrap();
    let nowhere = "/no/such/folder";
    let paths = [
        folder.to_str().unwrap().to_owned(),
        other.to_str().unwrap().to_owned(),
        format!("{nowhere}:{}", other.display()),
    ];
    for path in paths {
        let output = command(&["--family", "nlctrl", "ops"])
            .env("GENL_SPEC_PATH", &path)
            .output();
        let said = said(output.unwrap());
        assert_eq!(said.code, Some(0), "{path}: {}", said.stderr);
        assert!(said.stdout.starts_with("getfamily "));
    }
    let output = command(&["spec", "list", "--output-json"])
        .env("GENL_SPEC_PATH", &other)
        .output();
    let list = said(output.unwrap()).json();
    let file = other.join("of_another_name.yaml");
    let entry = json!({"family": "nlctrl", "file": file});
    assert!(list.as_array().unwrap().contains(&entry), "{list}");
    std::fs::remove_dir_all(other).unwrap();
}

#[test]
fn where_a_spec_was_looked_for_is_told() {
    let output = command(&["--family", "no-such", "ops"])
        .env("GENL_SPEC_PATH", "/no/such/folder")
        .output();
    let said = said(output.unwrap());
    assert_eq!(said.code, Some(2));
    assert!(
        said.stderr
            .starts_with("error: no spec of family \"no-such\" was found")
    );
    for place in [
        "/no/such/folder (no such folder)",
        "/lib/modules/",
        "/usr/share/ynl/specs",
    ] {
        assert!(said.stderr.contains(place), "{}", said.stderr);
    }
}

#[test]
fn a_family_of_a_like_name_is_offered() {
    let output = command(&["--family", "nlctl", "ops"])
        .env("GENL_SPEC_PATH", folder())
        .output();
    let said = said(output.unwrap());
    assert_eq!(said.code, Some(2));
    let offer = "error: no spec of family \"nlctl\" was found; did you mean \"nlctrl\"? Else give";
    assert!(said.stderr.starts_with(offer), "{}", said.stderr);
    genl(&[
        "policy",
        "nlctrl",
        "getfamly",
        "--spec",
        &spec("nlctrl.yaml"),
    ])
    .refused(
        2,
        "error: nlctrl has no operation \"getfamly\"; did you mean \"getfamily\"?\n",
    );
}

#[test]
fn a_spec_that_cannot_be_used_is_wrong_use() {
    genl(&["--spec", "/no/such.yaml", "ops"]).refused(
        2,
        "error: cannot read /no/such.yaml: No such file or directory (os error 2)\n",
    );
    let file = std::env::temp_dir().join(format!("genl-wrong-{}.yaml", std::process::id()));
    let text = std::fs::read_to_string(spec("nlctrl.yaml")).unwrap();
    std::fs::write(&file, text.replace("type: u16", "type: u17")).unwrap();
    let said = genl(&["--spec", file.to_str().unwrap(), "dump", "getfamily"]);
    std::fs::remove_file(&file).unwrap();
    assert_eq!(said.code, Some(2));
    assert!(said.stderr.starts_with("error[E"), "{}", said.stderr);
    assert!(said.stderr.contains("u17"), "{}", said.stderr);
}

#[test]
fn diff_says_where_spec_and_kernel_part() {
    let file = std::env::temp_dir().join(format!("genl-diff-{}.yaml", std::process::id()));
    let path = file.to_str().unwrap();
    let text = std::fs::read_to_string(spec("nlctrl.yaml")).unwrap();
    // The kernel says that it is version 2 of itself, of which its own header file knows nothing.
    let same = text.replace("uapi-header:", "version: 2\nuapi-header:");
    std::fs::write(&file, &same).unwrap();
    let found = genl(&["spec", "diff", path]);
    assert_eq!(
        (found.code, found.stdout.as_str(), found.stderr.as_str()),
        (Some(0), "", "")
    );

    let other = same
        .replace("max-len: 15", "max-len: 14")
        .replacen("type: u16", "type: u32", 1)
        .replace(
            "    -\n      name: notify\n",
            "    -\n      name: nonsense\n",
        )
        .replace("mcgrp: notify", "mcgrp: nonsense");
    std::fs::write(&file, &other).unwrap();
    let found = genl(&["spec", "diff", path, "nlctrl"]);
    assert_eq!(found.code, Some(1), "{}", found.stderr);
    for difference in [
        "multicast group nonsense\n  spec:   there\n  kernel: no such group\n",
        "multicast group notify\n  spec:   no such group\n  kernel: there\n",
        "getfamily do: family-id\n  spec:   u32\n  kernel: u16\n",
        "getfamily do: family-name\n  spec:   nul-string, at most 14 bytes\n  \
         kernel: nul-string, at most 15 bytes\n",
    ] {
        assert!(found.stdout.contains(difference), "{}", found.stdout);
    }
    // The spec can be said as everywhere else, but not twice.
    let found = genl(&["--spec", path, "spec", "diff", "--output-json"]).json();
    let difference = json!({"place": "getfamily do: family-id", "spec": "u32", "kernel": "u16"});
    assert!(found.as_array().unwrap().contains(&difference), "{found}");
    genl(&["--spec", path, "spec", "diff", path]).refused(2, "error: which spec? Two are given\n");
    std::fs::remove_file(&file).unwrap();

    let absent = genl(&["spec", "diff", &spec("nlctrl.yaml"), "no-such"]);
    assert_eq!(absent.code, Some(1));
    assert!(absent.stderr.contains("no netlink family \"no-such\""));
}

#[test]
fn policies_have_names_where_there_is_a_spec() {
    let path = spec("nlctrl.yaml");
    let named = genl(&["policy", "nlctrl", "--spec", &path]).stdout;
    assert!(
        named.contains("    3  getfamily  do: policy 0, dump: policy 0\n"),
        "{named}"
    );
    assert!(
        named.contains("   10  getpolicy  dump: policy 1\n"),
        "{named}"
    );
    assert!(
        named.contains("policy 0: ctrl\n    1  family-id    u16\n"),
        "{named}"
    );

    let one = genl(&[
        "policy",
        "nlctrl",
        "getfamily",
        "--spec",
        &path,
        "--output-json",
    ]);
    let name = json!({"type": "nul-string", "max-length": 15});
    assert_eq!(one.json()["getfamily"]["do"]["family-name"], name);
    assert_eq!(one.json().as_object().unwrap().len(), 1);

    genl(&["policy", "nlctrl", "nothing", "--spec", &path])
        .refused(2, "error: nlctrl has no operation \"nothing\"\n");
}

#[test]
fn families_lists_the_controller() {
    let said = genl(&["families"]);
    let mut lines = said.stdout.lines();
    let line = lines.find(|line| line.starts_with("nlctrl ")).unwrap();
    let words: Vec<_> = line.split_whitespace().collect();
    assert_eq!(words, ["nlctrl", "16", "2", "2", "notify"]);
}

#[test]
fn policies_show_their_limits_without_a_spec() {
    let said = genl(&["policy", "nlctrl"]);
    assert!(
        said.stdout.contains("nul-string    at most 15 bytes\n"),
        "{}",
        said.stdout
    );
    // The limits of the type itself say nothing.
    assert!(said.stdout.contains(" u16\n"), "{}", said.stdout);
    genl(&["policy", "no-such"]).refused(
        1,
        "error: the kernel has no netlink family \"no-such\": is its module loaded?\n",
    );
}

#[test]
fn spec_strips_what_is_not_ynl() {
    let path = spec("kvstore.yaml");
    assert!(genl(&["spec", &path]).stdout.contains("x-required"));
    let plain = genl(&["spec", "--strip", &path]);
    assert_eq!(plain.code, Some(0));
    assert!(!plain.stdout.contains("x-re"));
    assert!(plain.stdout.contains("name: kvstore"));
}

#[test]
fn families_are_listed_for_scripts_too() {
    let families = genl(&["families", "--output-json"]).json();
    let families = families.as_array().unwrap();
    let controller = families.iter().find(|it| it["family-id"] == 16).unwrap();
    assert_eq!(controller["family-name"], "nlctrl");
    assert_eq!(controller["mcast-groups"], json!(["notify"]));
}

#[test]
fn spec_prints_for_scripts_too() {
    let printed = genl(&["spec", "--strip", &spec("nlctrl.yaml"), "--output-json"]).json();
    assert!(printed["text"].as_str().unwrap().contains("name: nlctrl"));
    assert_eq!(genl(&["spec"]).code, Some(2));
}

#[test]
fn every_shell_gets_completions() {
    for (shell, word) in [
        ("bash", "complete"),
        ("zsh", "#compdef genl"),
        ("fish", "complete -c genl"),
    ] {
        let said = genl(&["completions", shell]);
        assert_eq!(said.code, Some(0));
        assert!(
            said.stdout.contains(word) && said.stdout.contains("monitor"),
            "{shell}"
        );
    }
    assert_eq!(genl(&["completions", "tcl"]).code, Some(2));
}

#[test]
fn bash_completes_what_the_spec_knows() {
    let complete = |line: &str| {
        // What bash does when the tab key is pressed behind the line.
        let script = r#"
            genl() { "$GENL" "$@"; }
            source <(genl completions bash)
            COMP_WORDS=($1 "${2-}") COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            _genl_by_spec genl "$2" "${COMP_WORDS[COMP_CWORD-1]}"
            echo "${COMPREPLY[@]}"
        "#;
        let (words, word) = line.rsplit_once(' ').unwrap();
        let output = Command::new("bash")
            .args(["-c", script, "bash", words, word])
            .env("GENL", env!("CARGO_BIN_EXE_genl"))
            .env("GENL_SPEC_PATH", folder())
            .output();
        said(output.unwrap()).stdout
    };
    let path = spec("nlctrl.yaml");
    assert_eq!(
        complete(&format!("genl --spec {path} dump get")),
        "getfamily getpolicy\n"
    );
    assert_eq!(
        complete("genl --family nlctrl ops new"),
        "newfamily newmcast-grp\n"
    );
    assert_eq!(
        complete("genl --family nlctrl do get"),
        "getfamily\n",
        "getpolicy can only be dumped"
    );
    assert_eq!(complete("genl --family nlc"), "nlctrl\n");
    assert_eq!(complete("genl moni"), "monitor\n");
}

#[test]
fn every_verb_has_help_with_examples() {
    for verb in [
        "do",
        "dump",
        "multi",
        "monitor",
        "ops",
        "families",
        "policy",
        "check",
        "spec",
        "completions",
    ] {
        let said = genl(&[verb, "--help"]);
        assert_eq!(said.code, Some(0));
        assert!(
            said.stdout.contains("Examples:\n"),
            "{verb}: {}",
            said.stdout
        );
    }
    assert!(genl(&["--help"]).stdout.contains("Exit status: 0"));
}

#[test]
fn help_shows_what_means_something() {
    let families = genl(&["families", "--help"]).stdout;
    assert!(families.contains("--output-json"), "{families}");
    assert!(families.contains("--peer"), "{families}");
    for option in ["--spec", "--family <", "--skip-unknown"] {
        assert!(!families.contains(option), "{families}");
    }
    let list = genl(&["spec", "list", "--help"]).stdout;
    for option in ["--family <", "--peer"] {
        assert!(!list.contains(option), "{list}");
    }
    let dump = genl(&["dump", "--help"]).stdout;
    for option in [
        "--spec",
        "--family <",
        "--peer",
        "--skip-unknown",
        "--output-json",
    ] {
        assert!(dump.contains(option), "{dump}");
    }
}

#[test]
fn what_means_nothing_is_refused() {
    let spec = spec("nlctrl.yaml");
    for (args, option, verb) in [
        (&["doc", &spec, "--output-json"][..], "output-json", "doc"),
        (&["--output-json", "doc", &spec], "output-json", "doc"),
        (&["--spec", &spec, "families"], "spec", "families"),
        (&["check", "--family", "nlctrl", &spec], "family", "check"),
        (
            &["spec", "list", "--family", "nlctrl"],
            "family",
            "spec list",
        ),
        (
            &["--skip-unknown", "spec", "diff", &spec],
            "skip-unknown",
            "spec diff",
        ),
        (&["--peer", "7", "--spec", &spec, "ops"], "peer", "ops"),
        (&["spec", "--peer", "7", &spec], "peer", "spec"),
        (&["--peer", "7", "spec", &spec], "peer", "spec"),
    ] {
        let said = genl(args);
        assert_eq!((said.code, said.stdout.as_str()), (Some(2), ""), "{args:?}");
        let words = format!("error: --{option} means nothing to `genl {verb}`\n");
        assert!(said.stderr.starts_with(&words), "{}", said.stderr);
    }
}
