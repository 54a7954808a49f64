//! Shell scripts made from commands.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;
use std::process::Command;

/// A program that runs `command`, with the arguments that the program is given after the command's own.
pub(super) fn program(command: &Command) -> Vec<u8> {
    let mut script = b"#!/bin/sh\nexec".to_vec();
    for word in [command.get_program()]
        .into_iter()
        .chain(command.get_args())
    {
        script.push(b' ');
        quote(word, &mut script);
    }
    script.extend(b" \"$@\"\n");
    script
}

/// A command that runs every program with the same arguments, and fails if one of them has failed.
pub(super) fn one_after_the_other(programs: &[PathBuf], arguments: Vec<OsString>) -> Vec<OsString> {
    let mut script = b"for program in".to_vec();
    for program in programs {
        script.push(b' ');
        quote(program.as_os_str(), &mut script);
    }
    script.extend(b"; do \"$program\" \"$@\" || failed=1; done; exit ${failed:-0}");
    let mut command = vec![
        "sh".into(),
        "-c".into(),
        OsString::from_vec(script),
        "sh".into(),
    ];
    command.extend(arguments);
    command
}

/// Adds a word as the shell reads it, whatever is in it.
fn quote(word: &OsStr, script: &mut Vec<u8>) {
    script.push(b'\'');
    for byte in word.as_bytes() {
        match byte {
            b'\'' => script.extend(br"'\''"),
            byte => script.push(*byte),
        }
    }
    script.push(b'\'');
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_program_adds_its_arguments() {
        let mut command = Command::new("printf");
        command.args(["%s|", "it's", "a b", "$HOME", "\\"]);
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&program(&command)).unwrap();
        let mut shell = Command::new("sh");
        let output = shell
            .arg(file.path())
            .args(["\"", "last one"])
            .output()
            .unwrap();
        assert_eq!(output.stdout, b"it's|a b|$HOME|\\|\"|last one|");
    }

    #[test]
    fn a_failure_does_not_keep_others_from_running() {
        let run = |programs: &[&str]| {
            let programs: Vec<_> = programs.iter().map(PathBuf::from).collect();
            let command = one_after_the_other(&programs, vec!["a b".into(), "c".into()]);
            Command::new(&command[0])
                .args(&command[1..])
                .output()
                .unwrap()
        };
        let output = run(&["false", "echo", "echo"]);
        assert_eq!(output.stdout, b"a b c\na b c\n");
        assert_eq!(output.status.code(), Some(1));
        assert!(run(&["echo", "true"]).status.success());
    }
}
