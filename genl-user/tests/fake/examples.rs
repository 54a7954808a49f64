//! The examples of kvstore and nltest, against fake kernels: what goes wrong in a real one at times only,
//! goes wrong here when it is told to.

#![expect(dead_code, reason = "the main functions of the examples")]

#[path = "../../examples/chat.rs"]
mod chat;
#[path = "../../examples/deadline.rs"]
mod deadline;
#[path = "../../examples/dump.rs"]
mod dump;
#[path = "../../examples/echo.rs"]
mod echo;
#[path = "../../examples/kv.rs"]
mod kv_tool;
#[path = "../../examples/listen.rs"]
mod listen;
#[cfg(feature = "tokio")]
#[path = "../../examples/listen_async.rs"]
mod listen_async;
#[path = "../../examples/mirror.rs"]
mod mirror;
#[path = "../../examples/overrun.rs"]
mod overrun;
#[path = "../../examples/wait_for_family.rs"]
mod wait_for_family;
#[path = "../../examples/warning.rs"]
mod warning;

use std::io;
use std::thread;
use std::time::Duration;

use clap::Parser;
use genl_user::families::kvstore::server::Served;
use genl_user::families::kvstore::{Client, Del, EntryFlags};
use genl_user::families::nltest::{self, server};
use genl_user::server::{Op, Refusal};

use crate::guest::{in_new_netns, kernel};
use crate::served::Store;
use crate::{open, options, put, put_flagged};

/// What an example prints.
fn output(run: impl FnOnce(&mut Vec<u8>) -> io::Result<()>) -> String {
    let mut out = Vec::new();
    run(&mut out).expect("it runs");
    String::from_utf8(out).expect("text")
}

/// What the examples need of nltest.
struct Talk;

impl server::Handler for Talk {
    fn hello(
        &mut self,
        request: server::Hello<'_>,
        _: &mut Op<'_>,
    ) -> Result<nltest::HelloReplyOwned, Refusal> {
        Ok(nltest::HelloReplyOwned {
            text: Some(format!("hello {}", request.text())),
        })
    }

    fn broadcast(
        &mut self,
        request: server::Broadcast<'_>,
        op: &mut Op<'_>,
    ) -> Result<(), Refusal> {
        let message = nltest::MessageOwned {
            text: Some(request.text().to_owned()),
            ..nltest::MessageOwned::default()
        };
        op.tell(&server::Event::Message(&message))
    }

    fn remark(&mut self, request: server::Remark<'_>, op: &mut Op<'_>) -> Result<(), Refusal> {
        op.warn(format!("remark: {}", request.text()));
        Ok(())
    }
}

/// Registers nltest beside kvstore.
fn with_nltest() {
    let registered = kernel().register(server::Served(Talk));
    registered.expect("it is the first of its name");
}

#[test]
fn dump() {
    in_new_netns(|| {
        let mut kv = open();
        put(&mut kv, "host/name", b"example");
        put(&mut kv, "host/port", b"443");
        put(&mut kv, "user", b"root");
        let told = output(|out| dump::run(out, &options(), Some("host/")));
        let expected =
            "item: host/name\nitem: host/port\n10 bytes of values\n2 entries at one moment\n";
        assert_eq!(told, expected);
        kernel().interrupt_next_dump();
        let told = output(|out| dump::run(out, &options(), None));
        assert!(
            told.contains("item: user\nit was changed meanwhile\n"),
            "{told}"
        );
        assert!(told.ends_with("3 entries at one moment\n"), "{told}");
    });
}

#[test]
fn chat() {
    in_new_netns(|| {
        with_nltest();
        let lines = ["hello", "and good bye"].map(|line| Ok(line.to_owned()));
        let told = output(|out| chat::run(out, &options(), lines.into_iter()));
        assert_eq!(told, "the kernel: hello\nthe kernel: and good bye\n");
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
fn deadline() {
    in_new_netns(|| {
        let kernel = kernel();
        let told = output(|out| {
            deadline::run(out, &options(), |call| match call {
                "hurried" => kernel.hold(),
                _ => kernel.release(),
            })
        });
        assert_eq!(told, "hurried: not answered in time\npatient: 0 entries\n");
        let told = output(|out| deadline::run(out, &options(), |_| ()));
        assert_eq!(told, "hurried: answered in time\npatient: 0 entries\n");
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
        assert_eq!(told, "deleted a\ndeleted c\n");
    });
}

#[test]
fn wait_for_family() {
    in_new_netns(|| {
        let kernel = kernel();
        kernel.unregister("kvstore");
        let wait = |patience| {
            let options = genl_user::Options::new().kernel(&kernel);
            output(|out| wait_for_family::run(out, &options, patience))
        };
        let told = wait(Duration::from_millis(20));
        assert!(
            told.starts_with("the kernel has no netlink family \"kvstore\""),
            "{told}"
        );
        thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(Duration::from_millis(50));
                let registered = kernel.register(Served(Store::default()));
                registered.expect("it is the first of its name");
            });
            assert_eq!(wait(Duration::from_secs(20)), "it has 0 entries\n");
        });
    });
}

#[test]
fn overrun() {
    in_new_netns(|| {
        let mut kv = open();
        let kernel = kernel();
        let told = output(|out| {
            overrun::run(out, &options(), 2, |port| {
                put(&mut kv, "a", b"");
                kernel.overrun(port);
                put(&mut kv, "b", b"");
            })
        });
        // What was in the queue already comes after it.
        assert_eq!(told, "some were lost; there are 2 entries\nset a\n");
    });
}

#[test]
fn warning() {
    in_new_netns(|| {
        with_nltest();
        let told = output(|out| warning::run(out, &options()));
        assert_eq!(
            told,
            "nltest carried out remark, but: remark: be careful\nno warning\n"
        );
    });
}

#[test]
fn listen() {
    in_new_netns(|| {
        with_nltest();
        let meanwhile = |mine: &mut Client| {
            put(mine, "mine", b"");
            put(&mut open(), "theirs", b"");
            let (text, audience) = ("hello", None);
            let mut nltest = nltest::Client::open_with(&options())?;
            nltest.broadcast(&nltest::Broadcast { text, audience })?;
            open().del(&Del { key: "theirs" })?;
            Ok(())
        };
        let told = output(|out| listen::run(out, &options(), 3, meanwhile));
        let expected = "set Some(\"theirs\")\nsaid Some(\"hello\")\ndeleted Some(\"theirs\")\n";
        assert_eq!(told, expected);
    });
}

#[cfg(feature = "tokio")]
#[test]
fn listen_async() {
    in_new_netns(|| {
        let change = async {
            put(&mut open(), "a", b"");
            tokio::time::sleep(Duration::from_millis(100)).await;
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let told = output(|out| runtime.block_on(listen_async::run(out, &options(), change)));
        assert_eq!(told, "set Some(\"a\")\n");
    });
}

/// Changes the store when so many lines were written.
struct Changing<'k> {
    out: Vec<u8>,
    lines: usize,
    change: &'k dyn Fn(usize),
}

impl io::Write for Changing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.lines += 1;
        (self.change)(self.lines);
        Ok(())
    }
}

#[test]
fn mirror() {
    in_new_netns(|| {
        put(&mut open(), "a", b"");
        let change = |line| match line {
            1 => drop(put(&mut open(), "b", b"")),
            2 => drop(open().del(&Del { key: "a" }).expect("del")),
            _ => {}
        };
        let mut out = Changing {
            out: Vec::new(),
            lines: 0,
            change: &change,
        };
        mirror::run(&mut out, &options(), 3).expect("it runs");
        let expected = "[\"a\"]\n[\"a\", \"b\"]\n[\"b\"]\n";
        assert_eq!(String::from_utf8_lossy(&out.out), expected);
    });
}
