//! Two processes that speak a family with each other: the example `shared_store`.

#[path = "../examples/store/mod.rs"]
mod store;

use std::io::{BufRead, BufReader, ErrorKind};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Sender, TryRecvError, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use genl_user::families::kvstore::server::Served;
use genl_user::families::kvstore::{Client, Get, GetDump, Set};
use genl_user::server::Server;
use genl_user::{Error, Options};
use store::Store;

/// Longer than an answer takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// A process that ends with the test.
struct Process {
    child: Child,
    output: BufReader<ChildStdout>,
}

impl Process {
    fn start(arguments: &[&str]) -> Self {
        let mut child = command(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .expect("cargo has built the example");
        let output = child.stdout.take().expect("it has an output");
        let output = BufReader::new(output);
        Self { child, output }
    }

    /// The next line of its output.
    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("a line");
        line.trim_end().to_owned()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(arguments: &[&str]) -> Command {
    let tests = std::env::current_exe().expect("the test has a path");
    let built: Option<PathBuf> = tests.ancestors().nth(2).map(Into::into);
    let examples = built.expect("it is in cargo's folder").join("examples");
    let mut command = Command::new(examples.join("shared_store"));
    command.args(arguments);
    command
}

/// Runs a client to its end: whether all went well, its output, its complaints.
fn run(arguments: &[&str]) -> (bool, String, String) {
    let output = command(arguments).output().expect("it runs");
    let text = |bytes: Vec<u8>| {
        String::from_utf8(bytes)
            .expect("text")
            .trim_end()
            .to_owned()
    };
    (
        output.status.success(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn one_process_serves_another() {
    let _alone = alone();
    let mut server = Process::start(&["serve"]);
    let port = server.line();
    assert!(run(&[&port, "set", "host", "example"]).0);
    let (done, value, _) = run(&[&port, "get", "host"]);
    assert_eq!((done, value.as_str()), (true, "example"));
    let (done, _, complaint) = run(&[&port, "get", "no"]);
    assert!(!done);
    let expected = format!(
        "Error: kvstore at port {port} refused get: No such file or directory: \
         there is no such entry; at get.key, which is \"no\" (2 bytes)"
    );
    assert_eq!(complaint, expected);
}

#[test]
fn a_dump_of_many_chunks_comes_whole() {
    let _alone = alone();
    let mut server = Process::start(&["serve"]);
    let port = server.line();
    let value = "v".repeat(4000);
    for number in 0..30 {
        let key = format!("key-{number:02}");
        assert!(run(&[&port, "set", &key, &value]).0);
    }
    let (done, list, _) = run(&[&port, "list"]);
    assert!(done);
    let expected: Vec<_> = (0..30)
        .map(|number| format!("key-{number:02}: {value}"))
        .collect();
    assert_eq!(list.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn events_go_to_who_listens() {
    let _alone = alone();
    let mut server = Process::start(&["serve"]);
    let port = server.line();
    let mut watcher = Process::start(&[&port, "watch"]);
    match watcher.line().as_str() {
        "watching" => {
            assert!(run(&[&port, "set", "host", "example"]).0);
            assert_eq!(watcher.line(), "host is set");
        }
        // Without CAP_NET_ADMIN nobody can listen to groups of this protocol.
        _ => {
            let (done, _, complaint) = run(&[&port, "watch"]);
            assert!(!done);
            let expected = "Error: cannot join the group \"changes\" of \"kvstore\": \
                Operation not permitted (os error 1)";
            assert_eq!(complaint, expected);
        }
    }
}

#[test]
fn a_server_that_is_gone_is_an_error() {
    let _alone = alone();
    let mut server = Process::start(&["serve"]);
    let port = server.line();
    drop(server);
    let (done, _, complaint) = run(&[&port, "get", "host"]);
    assert!(!done);
    let expected = format!(
        "Error: cannot reach the process at port {port}: Connection refused (os error 111)"
    );
    assert_eq!(complaint, expected);
}

/// One at a time: a port that one of this process's sockets has left is the next one's, and a child
/// that has been forked keeps a socket open until it runs another program.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

#[test]
fn who_does_not_serve_the_family_is_named() {
    let _alone = alone();
    let mut server = Server::bind().expect("a port");
    let port = server.port();
    let options = Options::new().peer(port).timeout(PATIENCE);
    let error = opened(&mut server, &options).expect_err("nobody serves it");
    let expected = format!("the process at port {port} does not serve the family \"kvstore\"");
    assert_eq!(error.to_string(), expected);
}

#[test]
fn who_is_gone_is_named_by_a_pipeline_too() {
    let _alone = alone();
    let mut server = Server::bind().expect("a port");
    server
        .register(Served(Store::default()))
        .expect("it is the first");
    let port = server.port();
    let options = Options::new().peer(port).timeout(PATIENCE);
    let mut kv = opened(&mut server, &options).expect("it is served");
    drop(server);
    let mut batch = kv.pipeline();
    let ticket = batch.get(&Get { key: "host" }).expect("it can be written");
    let answers = batch.send().expect("what fails are the calls");
    let error = answers.take(ticket).expect_err("nobody answers");
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    assert!(matches!(error, Error::Unreachable { peer, .. } if peer == port));
}

/// Calls `run` with a client of a server that has so many entries, and serves meanwhile until `stop` is
/// dropped; it is given to `run`.
fn with_store(entries: usize, run: impl FnOnce(Client, Sender<()>)) {
    let mut server = Server::bind().expect("a port");
    server.allow_admin(|_| true);
    let served = server.register(Served(Store::default()));
    served.expect("it is the first");
    let options = Options::new().peer(server.port()).timeout(PATIENCE);
    let (stop, stopped) = channel();
    thread::scope(|scope| {
        scope.spawn(move || {
            while stopped.try_recv() == Err(TryRecvError::Empty) {
                let served = server.serve_timeout(Duration::from_millis(5));
                served.expect("it can receive");
            }
        });
        let mut kv = Client::open_with(&options).expect("it is served");
        for number in 0..entries {
            let key = format!("entry/{number}");
            let set = Set {
                key: &key,
                value: Some(&[7; 1000]),
                ..Set::default()
            };
            kv.set(&set).expect("there is room");
        }
        run(kv, stop);
    });
}

/// More than the client's queue holds.
const MANY: usize = 1000;

#[test]
fn a_dump_goes_on_when_its_reader_does() {
    let _alone = alone();
    with_store(MANY, |mut kv, _stop| {
        let mut dump = kv.get_dump(&GetDump::default()).expect("it begins");
        let mut items = 0;
        while dump.next().expect("an item, or the end").is_some() {
            items += 1;
            if items == 10 {
                thread::sleep(Duration::from_millis(1500));
            }
        }
        assert_eq!(items, MANY);
    });
}

#[test]
fn a_dump_that_never_ends_is_in_no_other_calls_way() {
    let _alone = alone();
    with_store(MANY, |mut kv, stop| {
        let mut dump = kv.get_dump(&GetDump::default()).expect("it begins");
        dump.next().expect("an item").expect("there are many");
        // Whether it is given up,
        drop(dump);
        kv.get(&Get { key: "entry/1" }).expect("an answer at once");
        let set = kv.connection().set_timeout(Some(Duration::from_secs(1)));
        set.expect("a timeout");
        let mut dump = kv.get_dump(&GetDump::default()).expect("it begins");
        dump.next().expect("an item").expect("there are many");
        // or who serves it is gone.
        drop(stop);
        thread::sleep(Duration::from_millis(300));
        let error = loop {
            match dump.next() {
                Ok(item) => assert!(item.is_some(), "it has no end"),
                Err(error) => break error,
            }
        };
        assert!(matches!(error, Error::TimedOut(_)), "{error}");
        drop(dump);
        let error = kv.get(&Get { key: "entry/1" }).expect_err("nobody answers");
        assert!(matches!(error, Error::Unreachable { .. }), "{error}");
    });
}

/// A client of a server, which is asked for the family and nothing else.
fn opened(server: &mut Server, options: &Options) -> Result<Client, Error> {
    std::thread::scope(|scope| {
        let client = scope.spawn(|| Client::open_with(options));
        server.serve_timeout(PATIENCE).expect("it is asked");
        client.join().expect("it does not panic")
    })
}
