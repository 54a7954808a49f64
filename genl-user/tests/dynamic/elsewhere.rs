//! Calls by a spec of what the running kernel does not serve: a fake one does, or a process.

#[path = "../../examples/store/mod.rs"]
mod store;

use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use genl_user::Options;
use genl_user::dynamic::{Client, Error, Event, Monitor, Request};
use genl_user::families::kvstore::server::{Get, Handler, Served, Set};
use genl_user::families::kvstore::{self, GetReplyOwned, SetReplyOwned};
use genl_user::server::{Op, Refusal, Server, Stopper};
use genl_user::testing::Kernel;
use store::Store;

use crate::{Value, json, object};

/// A time in which what does not come has had its chance.
const INSTANT: Duration = Duration::from_millis(20);

fn family() -> genl_schema::model::Family {
    let text = include_str!("../../../schema/families/kvstore.yaml");
    genl_schema::compile("kvstore.yaml", text).unwrap()
}

fn request(operation: &str, values: Value) -> Request {
    Request::new(operation, object(values))
}

#[test]
fn a_client_is_opened_where_the_options_say() {
    let kernel = Kernel::new();
    kernel.register(Served(Store::default())).unwrap();
    let options = Options::new().kernel(&kernel);
    let mut monitor = Monitor::open_with(family(), &["changes"], &options).unwrap();
    let mut client = Client::open_with(family(), &options).unwrap();
    let set = request("set", json!({"key": "a"}));
    kernel.fail_next(&kvstore::Client::SET, libc::ENOSPC);
    let refused = client.call(&set).unwrap_err();
    assert_eq!(refused.refused().map(|it| it.errno), Some(libc::ENOSPC));
    client.call(&set).unwrap();
    let heard = monitor.next(Some(INSTANT)).unwrap();
    assert!(matches!(heard, Some(Event::Known { name, .. }) if name == "set-ntf"));
    let list = request("get", json!({}));
    kernel.interrupt_next_dump(&kvstore::Client::GET_DUMP);
    let items: Vec<_> = client.dump(&list).unwrap().collect();
    assert!(
        matches!(items[..], [Ok(_), Err(Error::DumpInterrupted { .. })]),
        "{items:?}"
    );
    // It is found there once more.
    kernel.unregister("kvstore");
    kernel.register(Served(Store::default())).unwrap();
    assert_eq!(client.dump(&list).unwrap().count(), 0);
}

#[test]
fn the_options_wait_applies_to_calls() {
    let kernel = Kernel::new();
    kernel.register(Served(Store::default())).unwrap();
    let options = Options::new().kernel(&kernel).timeout(INSTANT);
    let mut client = Client::open_with(family(), &options).unwrap();
    kernel.drop_next_answer();
    let late = client.call(&request("stats", json!({}))).unwrap_err();
    assert!(matches!(
        late,
        Error::Netlink(genl_user::Error::TimedOut(_))
    ));
}

#[test]
fn who_gets_no_answer_as_it_is_opened_is_told_which_family_was_looked_for() {
    let kernel = Kernel::new();
    kernel.hold();
    let options = Options::new().kernel(&kernel).timeout(INSTANT);
    let told = "nlctrl did not answer getfamily of \"kvstore\" within 20ms";
    let late = Client::open_with(family(), &options).map(drop);
    assert_eq!(late.unwrap_err().to_string(), told);
    let late = Monitor::open_with(family(), &[], &options).map(drop);
    assert_eq!(late.unwrap_err().to_string(), told);
}

#[test]
fn a_family_is_waited_for() {
    let kernel = Kernel::new();
    let options = Options::new().kernel(&kernel);
    let hasty = options.clone().wait_for_family(INSTANT);
    let absent = Client::open_with(family(), &hasty).map(drop);
    let unknown = |error: &Error| matches!(error, Error::Netlink(it) if it.kind() == std::io::ErrorKind::NotFound);
    assert!(absent.is_err_and(|error| unknown(&error)));
    let patient = options.wait_for_family(Duration::from_secs(20));
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(INSTANT);
            kernel.register(Served(Store::default())).unwrap();
        });
        let mut client = Client::open_with(family(), &patient).unwrap();
        client.call(&request("stats", json!({}))).unwrap();
    });
}

#[test]
fn what_a_process_has_not_sent_yet_is_in_the_way_of_nothing() {
    let mut server = Server::bind().unwrap();
    server.allow_admin(|_| true);
    server.register(Served(Store::default())).unwrap();
    let port = server.port();
    let options = Options::new().peer(port);
    thread::spawn(move || server.serve());
    let mut client = Client::open_with(family(), &options).unwrap();
    let value = "00".repeat(4000);
    let set = |at: usize| request("set", json!({"key": format!("{at}"), "value": value}));
    let sets: Vec<_> = (0..200).map(set).collect();
    let answers = client.multi(&sets).unwrap();
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    let list = request("get", json!({}));
    for _ in 0..3 {
        client.dump(&list).unwrap().next().unwrap().unwrap();
    }
    assert_eq!(client.dump(&list).unwrap().count(), 200);
    let absent = client
        .call(&request("get", json!({"key": "no"})))
        .unwrap_err();
    let refused = absent.refused().expect("there is none");
    assert_eq!(refused.peer, Some(port));
}

/// Has nothing, and after it has said so it says nothing more.
struct Leaving(Stopper);

impl Handler for Leaving {
    fn get(&mut self, _: Get<'_>, _: &mut Op<'_>) -> Result<GetReplyOwned, Refusal> {
        self.0.stop();
        Err(Refusal::new(libc::ENOENT))
    }
}

#[test]
fn a_refusal_stands_though_nobody_says_whether_the_family_is_still_there() {
    let mut server = Server::bind().unwrap();
    server.register(Served(Leaving(server.stopper()))).unwrap();
    let options = Options::new().peer(server.port());
    let (refused, taken) = thread::scope(|scope| {
        let serving = scope.spawn(move || server.serve().map(|()| server));
        let mut client = Client::open_with(family(), &options).unwrap();
        // Time for the answer that comes.
        client.set_timeout(Some(50 * INSTANT)).unwrap();
        let started = Instant::now();
        let refused = client.call(&request("get", json!({"key": "a"})));
        let taken = started.elapsed();
        // It has its port until now.
        serving.join().unwrap().unwrap();
        (refused.unwrap_err(), taken)
    });
    let errno = refused.refused().map(|it| it.errno);
    assert_eq!(errno, Some(libc::ENOENT), "{refused}");
    assert!(taken < genl_user::DEFAULT_TIMEOUT, "{taken:?}");
}

/// Takes its time, and tells of each that it begins with.
struct Slow(Sender<()>);

impl Handler for Slow {
    fn set(&mut self, _: Set<'_>, _: &mut Op<'_>) -> Result<SetReplyOwned, Refusal> {
        // Who has asked may have heard enough.
        let _ = self.0.send(());
        thread::sleep(INSTANT);
        Ok(SetReplyOwned::default())
    }
}

#[test]
fn many_requests_have_one_timeout_and_those_behind_it_are_not_sent() {
    let mut server = Server::bind().unwrap();
    server.allow_admin(|_| true);
    let (begin, begun) = channel();
    server.register(Served(Slow(begin))).unwrap();
    let options = Options::new().peer(server.port());
    thread::spawn(move || server.serve());
    let mut client = Client::open_with(family(), &options).unwrap();
    client.set_timeout(Some(10 * INSTANT)).unwrap();
    // So long that eight are sent together.
    let value = "00".repeat(4000);
    let set = |at: usize| request("set", json!({"key": format!("{at}"), "value": value}));
    let sets: Vec<_> = (0..30).map(set).collect();
    let answers = client.multi(&sets).unwrap();
    let was_sent = |answer: &Result<_, Error>| match answer {
        Ok(_) => true,
        Err(Error::Netlink(genl_user::Error::TimedOut(late))) => late.sent,
        Err(other) => panic!("{other}"),
    };
    let sent = answers.iter().take_while(|answer| was_sent(answer)).count();
    assert!(!answers[sent..].iter().any(was_sent));
    assert!(sent < answers.len() && sent.is_multiple_of(8), "{sent}");
    for _ in 0..sent {
        let asked = begun.recv_timeout(Duration::from_secs(10));
        asked.expect("what was sent is done");
    }
    let more = begun.recv_timeout(5 * INSTANT);
    assert!(more.is_err(), "nothing else is");
}
