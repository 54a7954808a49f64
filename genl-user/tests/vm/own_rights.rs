//! Who has rights in a namespace of their own alone.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;

use genl_user::families::kvstore::Clear;
use genl_user::families::nlctrl::Client;
use genl_user::{Error, Netns, Options};

use crate::elsewhere::{Elsewhere, cookie, here};
use crate::guest::{enter_own_namespaces, enter_own_user_namespace};
use crate::{keys, open, put};

/// Runs a test of this file once more, in a process that has begun with this.
fn run_again(test: &str, begin: fn() -> io::Result<()>) {
    let this = std::env::current_exe().expect("a path");
    let mut command = Command::new(this);
    command.args(["--exact", &format!("own_rights::{test}"), "--ignored"]);
    // SAFETY: between fork and exec only system calls are made.
    unsafe { command.pre_exec(begin) };
    let output = command.output().expect("it starts");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{said}"
    );
}

/// CAP_NET_ADMIN in the user namespace that owns the network namespace suffices: a user without
/// any right has it in a namespace of their own.
#[test]
fn in_a_namespace_of_ones_own_one_may_write() {
    run_again("writes_to_the_namespace_it_is_in", enter_own_namespaces);
}

#[test]
#[ignore = "in_a_namespace_of_ones_own_one_may_write runs it, in such a namespace"]
fn writes_to_the_namespace_it_is_in() {
    let mut kv = open();
    put(&mut kv, "mine", b"1");
    assert_eq!(keys(&mut kv, None), ["mine"]);
    kv.clear(&Clear {}).expect("clear");
}

#[test]
fn in_namespaces_of_ones_own_one_may_go_elsewhere() {
    run_again("goes_elsewhere_and_comes_back", enter_own_namespaces);
}

#[test]
#[ignore = "in_namespaces_of_ones_own_one_may_go_elsewhere runs it, in such namespaces"]
fn goes_elsewhere_and_comes_back() {
    let mut there = open_elsewhere().expect("it has the right");
    let mut home = Client::open().expect("a client");
    assert_ne!(cookie(&mut there), cookie(&mut home));
}

#[test]
fn who_could_not_come_back_does_not_go() {
    run_again(
        "is_refused_where_it_could_not_come_back_from",
        enter_own_user_namespace,
    );
}

#[test]
#[ignore = "who_could_not_come_back_does_not_go runs it, in the network namespace of others"]
fn is_refused_where_it_could_not_come_back_from() {
    let error = open_elsewhere().expect_err("it could not come back");
    assert_eq!(error.kind(), io::ErrorKind::PermissionDenied, "{error}");
    assert!(error.to_string().contains("and come back"), "{error}");
}

/// Opens a client in another network namespace; the caller stays in its own, whatever comes of it.
fn open_elsewhere() -> Result<Client, Error> {
    let before = here();
    let elsewhere = Elsewhere::new();
    let opened = Client::open_with(&Options::new().netns(Netns::path(elsewhere.path())));
    assert_eq!(here(), before);
    opened
}
