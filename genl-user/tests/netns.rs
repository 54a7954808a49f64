//! Clients in other network namespaces than their callers'. Each test runs once more in a user
//! namespace of its own, where it may do what takes rights.

#[path = "../examples/netns.rs"]
#[expect(dead_code, reason = "its main function")]
mod example;

use std::fs::{self, File};
use std::io;
use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::process::Command;

use genl_user::families::nlctrl::{Client, Getfamily};
use genl_user::{Error, Netns, Options};

/// Runs it in a process that has the rights of root over new network and mount namespaces.
fn in_own_namespaces(test: &str, run: impl FnOnce()) {
    const INSIDE: &str = "GENL_INSIDE";
    if std::env::var_os(INSIDE).is_some() {
        return run();
    }
    let status = Command::new("unshare")
        .args(["--map-root-user", "--net", "--mount"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--test-threads=1"])
        .env(INSIDE, "1")
        .status()
        .expect("unshare(1)");
    assert!(status.success(), "{test}: {status}");
}

/// By which the kernel tells network namespaces apart: the cookie of the socket's.
fn cookie(client: &mut Client) -> u64 {
    const SO_NETNS_COOKIE: libc::c_int = 71;
    let mut cookie = 0u64;
    let mut len = size_of::<u64>() as libc::socklen_t;
    let connection = client.connection();
    let fd = std::os::fd::AsFd::as_fd(connection).as_raw_fd();
    // SAFETY: `cookie` is valid for writes of `len` bytes.
    let result = unsafe {
        libc::getsockopt(
            fd,
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
    let mut client = Client::open_with(options).unwrap();
    let request = Getfamily {
        family_id: Some(16),
        ..Getfamily::default()
    };
    let family = client.getfamily(&request).unwrap();
    assert_eq!(family.family_name(), Some("nlctrl"));
    cookie(&mut client)
}

fn here() -> PathBuf {
    fs::read_link("/proc/thread-self/ns/net").unwrap()
}

/// A process in a network namespace of its own, until it is dropped.
struct Elsewhere(std::process::Child);

impl Elsewhere {
    fn new() -> Self {
        let mut command = Command::new("sleep");
        command.arg("600");
        // SAFETY: unshare(2) may be called between fork and exec, and has no memory of ours.
        unsafe {
            use std::os::unix::process::CommandExt;
            command.pre_exec(|| match libc::unshare(libc::CLONE_NEWNET) {
                0 => Ok(()),
                _ => Err(io::Error::last_os_error()),
            });
        }
        Self(command.spawn().unwrap())
    }

    fn path(&self) -> PathBuf {
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
    in_own_namespaces("a_client_is_opened_elsewhere_and_its_caller_stays", || {
        let before = here();
        let elsewhere = Elsewhere::new();
        let home = cookie_with(&Options::new());
        let by_pid = Options::new().netns(Netns::pid(elsewhere.0.id()));
        let there = cookie_with(&by_pid);
        assert_ne!(there, home);

        let by_path = Options::new().netns(Netns::path(elsewhere.path()));
        assert_eq!(cookie_with(&by_path), there);
        let file = File::open(elsewhere.path()).unwrap();
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
    in_own_namespaces("the_example_asks_there", || {
        let elsewhere = Elsewhere::new();
        let mut told = Vec::new();
        example::run(&mut told, Netns::path(elsewhere.path())).unwrap();
        assert_eq!(told, b"Some(\"nlctrl\") answers there\n");
        let error = example::run(&mut told, Netns::named("no-such-name")).unwrap_err();
        let error: Box<genl_user::Error> = error.downcast().unwrap();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    });
}

#[test]
fn a_namespace_has_a_name() {
    in_own_namespaces("a_namespace_has_a_name", || {
        let run = |command: &str| {
            let status = Command::new("sh").args(["-c", command]).status().unwrap();
            assert!(status.success(), "{command}");
        };
        run("mount -t tmpfs none /run && ip netns add blue");
        let blue = cookie_with(&Options::new().netns(Netns::named("blue")));
        let by_path = Options::new().netns(Netns::path("/run/netns/blue"));
        assert_eq!(cookie_with(&by_path), blue);
        assert_ne!(cookie_with(&Options::new()), blue);

        let error = Client::open_with(&Options::new().netns(Netns::named("red"))).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        assert!(error.to_string().contains("/run/netns/red"), "{error}");
    });
}

#[test]
fn a_namespace_has_a_number() {
    in_own_namespaces("a_namespace_has_a_number", || {
        let run = |command: &str| {
            let status = Command::new("sh").args(["-c", command]).status().unwrap();
            assert!(status.success(), "{command}");
        };
        let numbered = |number| Options::new().netns(Netns::numbered(number));
        run("mount -t tmpfs none /run && ip netns add blue && ip netns set blue 7");
        let blue = cookie_with(&Options::new().netns(Netns::named("blue")));
        assert_eq!(cookie_with(&numbered(7)), blue);

        let elsewhere = Elsewhere::new();
        let there = cookie_with(&Options::new().netns(Netns::pid(elsewhere.0.id())));
        run(&format!(
            "ip netns attach red {} && ip netns set red 9",
            elsewhere.0.id()
        ));
        // It keeps its number without its name.
        run("ip netns delete red");
        assert_eq!(cookie_with(&numbered(9)), there);
        drop(elsewhere);
        for nobodys in [9, 8, -1] {
            let error = Client::open_with(&numbered(nobodys)).unwrap_err();
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
    in_own_namespaces("what_is_no_namespace_is_refused", || {
        let before = here();
        let options = Options::new().netns(Netns::path("/proc/self/status"));
        let error = Client::open_with(&options).unwrap_err();
        assert_eq!(error.errno(), Some(libc::EINVAL));
        assert!(matches!(&error, Error::Netns { netns, .. } if netns == "/proc/self/status"));
        // Of another kind.
        let options = Options::new().netns(Netns::path("/proc/self/ns/uts"));
        assert_eq!(
            Client::open_with(&options).unwrap_err().errno(),
            Some(libc::EINVAL)
        );
        assert_eq!(here(), before);
    });
}

/// In a user namespace of its own but the network namespace of another: it could not come back.
#[test]
fn who_could_not_come_back_does_not_go() {
    const INSIDE: &str = "GENL_NO_WAY_BACK";
    if std::env::var_os(INSIDE).is_none() {
        let status = Command::new("unshare")
            .arg("--map-root-user")
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", "who_could_not_come_back_does_not_go"])
            .env(INSIDE, "1")
            .status()
            .expect("unshare(1)");
        assert!(status.success(), "{status}");
        return;
    }
    let before = here();
    let elsewhere = Elsewhere::new();
    let options = Options::new().netns(Netns::pid(elsewhere.0.id()));
    let error = Client::open_with(&options).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::PermissionDenied, "{error}");
    assert!(error.to_string().contains("again"), "{error}");
    assert_eq!(here(), before);
}
