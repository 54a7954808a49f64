//! The examples of kvstore and nltest do what they say, whoever serves these.

#![expect(dead_code, reason = "the main functions of the examples")]

use std::fmt::Debug;
use std::io::Write;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use clap::Parser;
use genl_user::families::kvstore::{Del, EntryFlags};
use genl_user::families::nltest::{self, Broadcast};

use crate::guest::{Netns, in_new_netns};
use crate::{open, options, put, put_flagged};

#[path = "../../examples/chat.rs"]
mod chat;
#[path = "../../examples/dump.rs"]
pub(crate) mod dump;
#[path = "../../examples/echo.rs"]
mod echo;
#[path = "../../examples/kv.rs"]
mod kv_tool;
#[cfg(feature = "tokio")]
#[path = "../../examples/listen_async.rs"]
mod listen_async;
#[path = "../../examples/listen_many.rs"]
mod listen_many;
#[path = "../../examples/mirror.rs"]
mod mirror;
#[path = "../../examples/overrun.rs"]
pub(crate) mod overrun;
#[path = "../../examples/wait_for_family.rs"]
pub(crate) mod wait_for_family;
#[path = "../../examples/warning.rs"]
mod warning;

/// What an example prints.
pub(crate) fn output<E: Debug>(run: impl FnOnce(&mut Vec<u8>) -> Result<(), E>) -> String {
    let mut out = Vec::new();
    run(&mut out).expect("it runs");
    String::from_utf8(out).expect("text")
}

#[test]
fn chat() {
    in_new_netns(|| {
        let lines = ["hello", "and good bye"].map(|line| Ok(line.to_owned()));
        let told = output(|out| chat::run(out, &options(), lines.into_iter()));
        let texts = told.lines().map(|line| line.split_once(": "));
        let texts: Vec<_> = texts.flatten().map(|(_, text)| text).collect();
        assert_eq!(texts, ["hello", "and good bye"], "{told}");
    });
}

#[test]
fn dump() {
    in_new_netns(|| {
        let mut kv = open();
        put(&mut kv, "host/name", b"example");
        put(&mut kv, "host/port", b"443");
        put(&mut kv, "user", b"root");
        let told = output(|out| dump::run(out, &options(), Some("host/")));
        let mut lines: Vec<_> = told.lines().collect();
        lines[..2].sort();
        let expected = [
            "item: host/name",
            "item: host/port",
            "10 bytes of values",
            "2 entries at one moment",
        ];
        assert_eq!(lines, expected);
    });
}

#[test]
fn echo() {
    in_new_netns(|| {
        let mut kv = open();
        put(&mut kv, "a", b"");
        put_flagged(&mut kv, "b", EntryFlags::STICKY);
        put(&mut kv, "c", b"");
        let told = output(|out| echo::run(out, &options()));
        let mut lines: Vec<_> = told.lines().collect();
        lines.sort();
        assert_eq!(lines, ["deleted a", "deleted c"]);
    });
}

#[test]
fn kv() {
    in_new_netns(|| {
        let run = |arguments: &str| {
            let arguments = ["kv"].into_iter().chain(arguments.split(' '));
            let cli = kv_tool::Cli::try_parse_from(arguments).expect("it is said so");
            let mut out = Vec::new();
            let done = kv_tool::run(&mut out, &options(), &cli.command);
            done.map(|()| String::from_utf8(out).expect("text"))
        };
        let set = run("set host example --label shown --sticky").expect("set");
        assert_eq!(set, "set, revision 1\n");
        let expected = "host = example (revision 1, sticky, read 1 times, label \"shown\")\n";
        assert_eq!(run("get host").expect("get"), expected);
        assert_eq!(run("list h").expect("list"), expected);
        assert!(
            run("stats")
                .expect("stats")
                .starts_with("entries   1 of 100000\n")
        );
        run("clear").expect("clear");
        assert_eq!(
            run("del host").expect("it is sticky"),
            "deleted, revision 2\n"
        );
        let gone = run("get host").expect_err("it is gone").to_string();
        assert!(gone.contains("there is no such entry"), "{gone}");
    });
}

#[test]
fn overrun() {
    in_new_netns(|| {
        let told = output(|out| {
            overrun::run(out, &options(), 1, |_| {
                put(&mut open(), "a", b"");
            })
        });
        assert_eq!(told, "set a\n");
    });
}

#[test]
fn wait_for_family() {
    in_new_netns(|| {
        let patience = Duration::from_secs(20);
        let told = output(|out| wait_for_family::run(out, &options(), patience));
        assert_eq!(told, "it has 0 entries\n");
    });
}

#[test]
fn warning() {
    in_new_netns(|| {
        let told = output(|out| warning::run(out, &options()));
        assert_eq!(
            told,
            "nltest carried out remark, but: remark: be careful\nno warning\n"
        );
    });
}

#[test]
fn listen_many() {
    in_new_netns(|| {
        let mut out = Vec::new();
        let meanwhile = |mine: &mut genl_user::families::kvstore::Client| {
            put(mine, "mine", b"");
            put(&mut open(), "theirs", b"");
            let (text, audience) = ("hello", None);
            nltest::Client::open_with(&options())?.broadcast(&Broadcast { text, audience })?;
            open().del(&Del { key: "theirs" })?;
            Ok(())
        };
        listen_many::run(&mut out, &options(), 3, meanwhile).expect("it listens");
        let expected = "set Some(\"theirs\")\nsaid Some(\"hello\")\ndeleted Some(\"theirs\")\n";
        assert_eq!(String::from_utf8_lossy(&out), expected);
    });
}

/// Tells of each line that is written.
struct Lines(mpsc::Sender<String>, Vec<u8>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.1.extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        let lines = std::mem::take(&mut self.1);
        let lines = String::from_utf8(lines).expect("text");
        self.0.send(lines).expect("somebody reads");
        Ok(())
    }
}

#[test]
fn mirror() {
    in_new_netns(|| {
        put(&mut open(), "a", b"");
        let here = Netns::current();
        let (lines, read) = mpsc::channel();
        thread::scope(|scope| {
            scope.spawn(|| {
                here.run(|| {
                    let mut out = Lines(lines, Vec::new());
                    mirror::run(&mut out, &options(), 3).expect("it mirrors");
                });
            });
            let next = || read.recv_timeout(Duration::from_secs(20)).expect("a line");
            assert_eq!(next(), "[\"a\"]\n");
            put(&mut open(), "b", b"");
            assert_eq!(next(), "[\"a\", \"b\"]\n");
            open().del(&Del { key: "a" }).expect("del");
            assert_eq!(next(), "[\"b\"]\n");
        });
    });
}

#[cfg(feature = "tokio")]
#[test]
fn listen_async() {
    in_new_netns(|| {
        let mut out = Vec::new();
        let change = async {
            put(&mut open(), "a", b"");
            tokio::time::sleep(Duration::from_millis(200)).await;
            open().del(&Del { key: "a" }).expect("del");
            tokio::time::sleep(Duration::from_millis(200)).await;
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let listened = runtime.block_on(listen_async::run(&mut out, &options(), change));
        listened.expect("it listens");
        let expected = "set Some(\"a\")\ndeleted Some(\"a\")\n";
        assert_eq!(String::from_utf8_lossy(&out), expected);
    });
}
