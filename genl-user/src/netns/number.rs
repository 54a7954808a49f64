//! Network namespaces by the numbers that others give them.
//!
//! The kernel tells the number of a namespace that is at hand (`rtnl_net_getid()`), and gives none
//! by its number. So it is asked for each that can be found, as `ip netns list-id` does too.

use std::collections::HashSet;
use std::fs::{self, DirEntry, File};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;

use neli::consts::socket::{Msg, NlFamily};
use neli::socket::NlSocket;
use neli::utils::Groups;

use super::NAMED;
use crate::wire::{Encoder, Head, finish, generic};

/// NETNSA_NSID
const NSID: u16 = 1;
/// NETNSA_FD
const FD: u16 = 3;

/// Finds the namespace that the calling thread's knows by this number: one that has a name, or a
/// process in it.
pub(super) fn find(number: i32) -> io::Result<File> {
    let socket = NlSocket::connect(NlFamily::Route, None, Groups::empty())?;
    let mut seen = HashSet::new();
    for file in named().chain(of_processes()) {
        // Most processes are in the same few, and one may be gone by now.
        let is_new = file.metadata().is_ok_and(|it| seen.insert(it.ino()));
        if is_new && number_of(&socket, &file)? == Some(number) {
            return Ok(file);
        }
    }
    let none = "no namespace that has a name, or a process in it, has this number here";
    Err(io::Error::new(io::ErrorKind::NotFound, none))
}

fn named() -> impl Iterator<Item = File> {
    let entries = fs::read_dir(NAMED).into_iter().flatten().flatten();
    entries.filter_map(|entry| File::open(entry.path()).ok())
}

/// Those of the processes that the caller may look at.
fn of_processes() -> impl Iterator<Item = File> {
    let is_process = |entry: &DirEntry| {
        let name = entry.file_name();
        name.as_encoded_bytes().iter().all(u8::is_ascii_digit)
    };
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let processes = entries.filter(is_process);
    processes.filter_map(|entry| File::open(entry.path().join("ns/net")).ok())
}

/// What number the socket's namespace has given to another; `None` if it has none, or the file is
/// no namespace.
fn number_of(socket: &NlSocket, namespace: &File) -> io::Result<Option<i32>> {
    let head = Head {
        len: 0,
        kind: libc::RTM_GETNSID,
        flags: libc::NLM_F_REQUEST as u16,
        seq: 1,
        port: 0,
    };
    let mut message = Vec::new();
    // Before the attributes are a rtgenmsg and its padding, as long as a genlmsghdr; all of it is 0.
    head.begin(0, 0, &mut message);
    let fd = namespace.as_raw_fd();
    Encoder::new(&mut message).u32(FD, fd.cast_unsigned());
    finish(&mut message);
    socket.send(&message, Msg::empty())?;
    // The kernel has answered, in few bytes.
    let mut answer = [0; 512];
    let (len, _) = socket.recv(&mut answer, Msg::empty())?;
    let answer = answer.get(..len).unwrap_or(&answer);
    let known = Head::read(answer).is_ok_and(|head| head.kind == libc::RTM_NEWNSID);
    let Some((_, payload)) = generic(answer).ok().filter(|_| known) else {
        return Ok(None);
    };
    let number = payload.attrs().all(NSID).last();
    // NETNSA_NSID_NOT_ASSIGNED is -1.
    Ok(number
        .and_then(|number| number.s32().ok())
        .filter(|number| *number >= 0))
}
