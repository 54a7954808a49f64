//! Who has rights in a namespace of their own alone.

use std::os::unix::process::CommandExt;
use std::process::Command;

use genl_user::families::kvstore::Clear;

use crate::guest::enter_own_user_namespace;
use crate::{keys, open, put};

/// CAP_NET_ADMIN in the user namespace that owns the network namespace suffices: a user without
/// any right has it in a namespace of their own.
#[test]
fn in_a_namespace_of_ones_own_one_may_write() {
    let this = std::env::current_exe().expect("a path");
    let mut command = Command::new(this);
    command.args([
        "--exact",
        "own_rights::writes_to_the_namespace_it_is_in",
        "--ignored",
    ]);
    // SAFETY: between fork and exec only system calls are made.
    unsafe { command.pre_exec(enter_own_user_namespace) };
    let output = command.output().expect("it starts");
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && stdout.contains("1 passed"),
        "{stdout}"
    );
}

#[test]
#[ignore = "in_a_namespace_of_ones_own_one_may_write runs it, in such a namespace"]
fn writes_to_the_namespace_it_is_in() {
    let mut kv = open();
    put(&mut kv, "mine", b"1");
    assert_eq!(keys(&mut kv, None), ["mine"]);
    kv.clear(&Clear {}).expect("clear");
}
