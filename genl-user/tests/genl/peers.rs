//! Families that another process serves, here the test itself.

#[path = "../../examples/store/mod.rs"]
mod store;

use std::process::Stdio;
use std::thread;
use std::time::Duration;

use genl_user::Options;
use genl_user::dynamic::serde_json::json;
use genl_user::families::kvstore::server::Served;
use genl_user::families::kvstore::{Client, Set};
use genl_user::server::Server;
use store::Store;

use crate::tool::{Said, command, genl, said, spec};

/// Serves kvstore until the tests end; gives the port.
fn serve() -> u32 {
    let mut server = Server::bind().unwrap();
    server.allow_admin(|_| true);
    server.register(Served(Store::default())).unwrap();
    let port = server.port();
    thread::spawn(move || server.serve());
    port
}

/// The arguments of a call at a port.
fn at<'a>(port: &'a str, spec: &'a str, args: &[&'a str]) -> Vec<&'a str> {
    [&["--peer", port, "--spec", spec], args].concat()
}

fn kvstore(port: &str, args: &[&str]) -> Said {
    genl(&at(port, &spec("kvstore.yaml"), args))
}

#[test]
fn operations_are_called_where_they_are_served() {
    let port = &serve().to_string();
    for key in ["a", "b"] {
        let said = kvstore(port, &["do", "set", &format!("key={key}")]);
        assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""));
    }
    let said = kvstore(port, &["do", "get", "key=b", "--output-json"]);
    assert_eq!(said.json()["key"], "b");
    let list = kvstore(port, &["dump", "get", "--output-json"]).json();
    let keys = list.as_array().unwrap().iter().map(|entry| &entry["key"]);
    assert_eq!(keys.collect::<Vec<_>>(), ["a", "b"]);
    let get = [
        "--do",
        "get",
        r#"{"key": "a"}"#,
        "--do",
        "get",
        r#"{"key": "c"}"#,
    ];
    let said = kvstore(port, &[&["multi", "--output-json"], &get[..]].concat());
    assert_eq!(said.code, Some(1));
    let answers = said.json();
    assert_eq!(answers[0]["key"], "a");
    assert_eq!(answers[1]["error"]["errno"], libc::ENOENT);
    let words = format!(
        "error: kvstore at port {port} refused get: No such file or directory: \
         there is no such entry; at key, which is \"c\" (1 byte)\n"
    );
    assert_eq!(said.stderr, words);
}

#[test]
fn a_dump_of_many_pieces_comes_whole() {
    let port = serve();
    let mut kv = Client::open_with(&Options::new().peer(port)).unwrap();
    let value = [7; 4000];
    for number in 0..100 {
        let set = Set {
            key: &format!("key-{number}"),
            value: Some(&value),
            ..Set::default()
        };
        kv.set(&set).unwrap();
    }
    let list = kvstore(&port.to_string(), &["dump", "get", "--output-json"]).json();
    assert_eq!(list.as_array().unwrap().len(), 100);
}

#[test]
fn a_server_s_families_are_listed_with_what_they_ask() {
    let port = &serve().to_string();
    let families = genl(&["families", "--peer", port, "--output-json"]).json();
    assert_eq!(families[0]["family-name"], "kvstore");
    let policy = genl(&["policy", "kvstore", "--peer", port]);
    assert!(policy.stdout.contains("nul-string"), "{}", policy.stdout);
    let same = genl(&["spec", "diff", &spec("kvstore.yaml"), "--peer", port]);
    assert_eq!((same.code, same.stdout.as_str()), (Some(0), ""));
}

#[test]
fn who_serves_no_such_family_is_named() {
    let port = serve();
    let absent =
        format!("error: the process at port {port} does not serve the family \"nltest\"\n");
    let (port, nltest) = (&port.to_string(), &spec("nltest.yaml"));
    for args in [
        &["do", "hello"][..],
        &["monitor"],
        &["policy", "nltest"],
        &["spec", "diff"],
    ] {
        genl(&at(port, nltest, args)).refused(1, &absent);
    }
}

#[test]
fn where_nobody_is_nothing_is_served() {
    // The kernel gives no such port by itself.
    let nobody = u32::MAX.to_string();
    kvstore(&nobody, &["dump", "get"]).refused(
        1,
        "error: cannot reach the process at port 4294967295: Connection refused (os error 111)\n",
    );
    // That is the real kernel's, which is asked without the option.
    let said = kvstore("0", &["dump", "get"]);
    assert_eq!(said.code, Some(2));
    assert!(said.stderr.contains("--peer <PORT>"), "{}", said.stderr);
}

#[test]
fn notifications_come_to_who_may_listen() {
    let port = serve();
    let mut kv = Client::open_with(&Options::new().peer(port)).unwrap();
    let (number, kvstore) = (port.to_string(), spec("kvstore.yaml"));
    let args = ["monitor", "changes", "--count", "1", "--output-json"];
    let mut child = command(&at(&number, &kvstore, &args))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while child.try_wait().unwrap().is_none() {
        kv.set(&Set {
            key: "a",
            ..Set::default()
        })
        .unwrap();
        thread::sleep(Duration::from_millis(20));
    }
    let said = said(child.wait_with_output().unwrap());
    match said.code {
        Some(0) => {
            let heard = said.json();
            assert_eq!(heard["name"], "set-ntf");
            assert_eq!(heard["msg"]["key"], json!("a"));
        }
        // Without CAP_NET_ADMIN nobody can listen to groups of this protocol.
        _ => said.refused(
            1,
            "error: cannot join the group \"changes\" of \"kvstore\": \
             Operation not permitted (os error 1)\n",
        ),
    }
}
