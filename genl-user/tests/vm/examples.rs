//! The examples that listen do what they say.

use std::io::Write;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use genl_user::families::kvstore::Del;
use genl_user::families::nltest::{self, Broadcast};

use crate::guest::{Netns, in_new_netns};
use crate::{open, put};

#[path = "../../examples/listen.rs"]
#[expect(dead_code, reason = "its main function")]
mod listen;
#[cfg(feature = "tokio")]
#[path = "../../examples/listen_async.rs"]
#[expect(dead_code, reason = "its main function")]
mod listen_async;
#[path = "../../examples/mirror.rs"]
#[expect(dead_code, reason = "its main function")]
mod mirror;

#[test]
fn listen() {
    in_new_netns(|| {
        let mut out = Vec::new();
        let meanwhile = |mine: &mut genl_user::families::kvstore::Client| {
            put(mine, "mine", b"");
            put(&mut open(), "theirs", b"");
            let (text, audience) = ("hello", None);
            nltest::Client::open()?.broadcast(&Broadcast { text, audience })?;
            open().del(&Del { key: "theirs" })?;
            Ok(())
        };
        listen::listen(&mut out, 3, meanwhile).expect("it listens");
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
            scope.spawn(|| here.run(|| mirror::mirror(&mut Lines(lines, Vec::new()), 3)));
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
        let listened = runtime.block_on(listen_async::listen(&mut out, change));
        listened.expect("it listens");
        let expected = "set Some(\"a\")\ndeleted Some(\"a\")\n";
        assert_eq!(String::from_utf8_lossy(&out), expected);
    });
}
