//! Clients in other network namespaces than their callers'.

#[path = "../../examples/netns.rs"]
#[expect(dead_code, reason = "its main function")]
mod example;

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command};

use genl_user::families::nlctrl::{Client, Getfamily};
use genl_user::{Error, Netns, Options};

use crate::guest::{self, in_new_netns};
use crate::route::set_nsid;

/// By which the kernel tells network namespaces apart: the cookie of the socket's.
pub(crate) fn cookie(client: &mut Client) -> u64 {
    const SO_NETNS_COOKIE: libc::c_int = 71;
    let mut cookie = 0u64;
    let mut len = size_of::<u64>() as libc::socklen_t;
    // SAFETY: `cookie` is valid for writes of `len` bytes.
    let result = unsafe {
        libc::getsockopt(
            client.connection().as_fd().as_raw_fd(),
            libc::SOL_SOCKET,
            SO_NETNS_COOKIE,
            (&raw mut cookie).cast(),
            &raw mut len,
        )
    };
    assert_eq!(result, 0, "{}", io::Error::last_os_error());
    cookie
}

/// Of a client that is opened so; it has to work as well.
fn cookie_with(options: &Options) -> u64 {
    let mut client = Client::open_with(options).expect("a client");
    let request = Getfamily {
        family_id: Some(16),
        ..Getfamily::default()
    };
    let family = client.getfamily(&request).expect("an answer");
    assert_eq!(family.family_name(), Some("nlctrl"));
    cookie(&mut client)
}

pub(crate) fn here() -> PathBuf {
    fs::read_link("/proc/thread-self/ns/net").expect("/proc is mounted")
}

/// A process in a network namespace of its own, until it is dropped.
pub(crate) struct Elsewhere(Child);

impl Elsewhere {
    pub(crate) fn new() -> Self {
        let mut command = Command::new("sleep");
        command.arg("600");
        // SAFETY: between fork and exec only a system call is made.
        unsafe { command.pre_exec(guest::unshare_netns) };
        Self(command.spawn().expect("it starts"))
    }

    pub(crate) fn path(&self) -> PathBuf {
        format!("/proc/{}/ns/net", self.0.id()).into()
    }
}

impl Drop for Elsewhere {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_client_is_opened_elsewhere_and_its_caller_stays() {
    in_new_netns(|| {
        let before = here();
        let elsewhere = Elsewhere::new();
        let home = cookie_with(&Options::new());
        let by_pid = Options::new().netns(Netns::pid(elsewhere.0.id()));
        let there = cookie_with(&by_pid);
        assert_ne!(there, home);

        let by_path = Options::new().netns(Netns::path(elsewhere.path()));
        assert_eq!(cookie_with(&by_path), there);
        let file = File::open(elsewhere.path()).expect("it is there");
        let by_fd = Options::new().netns(Netns::fd(file));
        // The descriptor lasts as long as the options, and longer than the process.
        drop(elsewhere);
        assert_eq!(cookie_with(&by_fd), there);
        assert_eq!(cookie_with(&by_fd.clone()), there);

        assert_eq!(here(), before);
        assert_eq!(cookie_with(&Options::new()), home);
    });
}

#[test]
fn the_example_asks_there() {
    let elsewhere = Elsewhere::new();
    let mut told = Vec::new();
    example::run(&mut told, Netns::path(elsewhere.path())).expect("it runs");
    assert_eq!(told, b"Some(\"nlctrl\") answers there\n");
    let error = example::run(&mut told, Netns::named("no-such-name")).expect_err("no such name");
    let error: Box<Error> = error.downcast().expect("what the client says");
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
}

/// As `ip netns add` does it.
struct Named(&'static str);

impl Named {
    fn new(name: &'static str) -> Self {
        let named = Self(name);
        fs::create_dir_all("/run/netns").expect("a directory");
        File::create(named.path()).expect("a file");
        let mounted = Command::new("unshare")
            .arg(format!("--net={}", named.path()))
            .arg("true")
            .status();
        assert!(mounted.expect("unshare(1)").success());
        named
    }

    fn path(&self) -> String {
        format!("/run/netns/{}", self.0)
    }
}

impl Drop for Named {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg(self.path()).status();
        let removed = fs::remove_file(self.path());
        if !std::thread::panicking() {
            assert!(unmounted.expect("umount(1)").success());
            removed.expect("it is a mere file again");
        }
    }
}

#[test]
fn a_namespace_has_a_name() {
    let blue = Named::new("blue");
    let named = cookie_with(&Options::new().netns(Netns::named("blue")));
    let by_path = Options::new().netns(Netns::path(blue.path()));
    assert_eq!(cookie_with(&by_path), named);
    assert_ne!(cookie_with(&Options::new()), named);

    let error = Client::open_with(&Options::new().netns(Netns::named("red"))).expect_err("no name");
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
    assert!(error.to_string().contains("/run/netns/red"), "{error}");
}

#[test]
fn a_namespace_has_a_number() {
    in_new_netns(|| {
        let numbered = |number| Options::new().netns(Netns::numbered(number));
        // By its name, without a process.
        let green = Named::new("green");
        let named = cookie_with(&Options::new().netns(Netns::named("green")));
        set_nsid(&guest::Netns::open(green.path()), 7);
        assert_eq!(cookie_with(&numbered(7)), named);

        // By a process in it, without a name.
        let elsewhere = Elsewhere::new();
        let there = cookie_with(&Options::new().netns(Netns::pid(elsewhere.0.id())));
        set_nsid(&guest::Netns::open(elsewhere.path()), 9);
        assert_eq!(cookie_with(&numbered(9)), there);
        drop(elsewhere);
        for nobodys in [9, 8, -1] {
            let error = Client::open_with(&numbered(nobodys)).expect_err("nobody has it");
            assert_eq!(error.kind(), io::ErrorKind::NotFound, "{error}");
            assert!(
                error.to_string().contains(&format!("number {nobodys}")),
                "{error}"
            );
        }
    });
}

#[test]
fn what_is_no_namespace_is_refused() {
    let before = here();
    let options = Options::new().netns(Netns::path("/proc/self/status"));
    let error = Client::open_with(&options).expect_err("a plain file");
    assert_eq!(error.errno(), Some(libc::EINVAL));
    assert!(matches!(&error, Error::Netns { netns, .. } if netns == "/proc/self/status"));
    // Of another kind.
    let options = Options::new().netns(Netns::path("/proc/self/ns/uts"));
    let error = Client::open_with(&options).expect_err("of another kind");
    assert_eq!(error.errno(), Some(libc::EINVAL));
    assert_eq!(here(), before);
}
