//! What only nltest's module does, and no fake of it: it writes to the kernel's log, and knows which
//! ports there are.

use genl_user::families::nltest::{Client, Hello, Unicast};

use crate::guest::kernel_log;
use crate::raw::refusal;

#[test]
fn hello_greets_and_is_logged() {
    let mut log = kernel_log();
    let text = "good morning from \u{e4} test";
    let reply = Client::open()
        .expect("nltest is loaded")
        .hello(&Hello { text })
        .expect("hello")
        .to_owned();
    assert!(reply.text.expect("a text").contains(text));
    let lines = log.lines();
    let logged = lines
        .iter()
        .filter(|line| line.contains("good morning from"));
    assert_eq!(logged.count(), 1, "{lines:?}");
}

#[test]
fn a_hello_logs_one_line_whatever_it_says() {
    let mut log = kernel_log();
    Client::open()
        .expect("nltest is loaded")
        .hello(&Hello {
            text: "first\nnltest: forged\x1b[31m %s %n",
        })
        .expect("hello");
    let lines = log.lines();
    assert_eq!(
        lines.iter().filter(|line| line.contains("forged")).count(),
        1,
        "{lines:?}"
    );
    assert!(
        !lines.iter().any(|line| line.starts_with("nltest: forged")),
        "{lines:?}"
    );
}

#[test]
fn hellos_cannot_flood_the_log() {
    let mut log = kernel_log();
    let mut client = Client::open().expect("nltest is loaded");
    for _ in 0..200 {
        client.hello(&Hello { text: "flood" }).expect("hello");
    }
    let lines = log.lines();
    let logged = lines.iter().filter(|line| line.contains("flood")).count();
    assert!(logged < 100, "{logged} lines of 200");
}

#[test]
fn a_port_that_nobody_has_is_told() {
    let mut client = Client::open().expect("nltest is loaded");
    let refused = refusal(client.unicast(&Unicast {
        portid: 4_000_000_000,
        text: "hello?",
    }));
    assert_eq!(refused.errno, libc::ECONNREFUSED, "{refused}");
}
