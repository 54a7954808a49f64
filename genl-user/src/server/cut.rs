//! Requests of which a server has received the beginning alone.

use super::engine::{Peer, acknowledge};
use super::op::Outbox;
use crate::policy::extack::Extack;
use crate::wire::{Head, NLMSG_HDRLEN};

/// Refuses the request that begins with these bytes, behind which so many have found no room: nobody
/// would wait for its answer but in vain.
pub(super) fn refuse(peer: &Peer, begins: &[u8], lost: usize, outbox: &mut dyn Outbox) {
    let Some(header) = begins.first_chunk::<NLMSG_HDRLEN>() else {
        return;
    };
    let [a, b, c, d, ..] = *header;
    let len = u32::from_ne_bytes([a, b, c, d]) as usize;
    let is_cut = (begins.len() + 1..=begins.len() + lost).contains(&len);
    // What it says beside its length can be read as that of a message with nothing in it.
    let mut alone = *header;
    alone[..4].copy_from_slice(&(NLMSG_HDRLEN as u32).to_ne_bytes());
    if let Ok(head) = Head::read(&alone)
        && is_cut
        && head.flags & libc::NLM_F_REQUEST as u16 != 0
    {
        let mut extack = Extack::default();
        let room = begins.len();
        extack.say(format!(
            "the request has {len} bytes, of which there was room for {room}"
        ));
        acknowledge(peer, &head, header, libc::EMSGSIZE, &extack, outbox);
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;
    use std::thread;
    use std::time::Duration;

    use neli::consts::socket::NlFamily;
    use neli::socket::NlSocket;
    use neli::utils::Groups;

    use super::super::Server;
    use super::super::peers::ROOM;
    use super::*;
    use crate::families::nltest::server::{Handler, Served};
    use crate::families::nltest::{Client, Echo};
    use crate::options::Options;
    use crate::sys::tests::alone;
    use crate::sys::{self, fd};

    struct Nothing;

    impl Handler for Nothing {}

    /// As where the system's default is larger.
    fn send_more(socket: &impl AsFd) {
        sys::set_option(socket.as_fd(), libc::SOL_SOCKET, libc::SO_SNDBUF, 200_000).unwrap();
    }

    #[test]
    fn a_client_is_told() {
        let _alone = alone();
        let mut server = Server::bind().unwrap();
        server.register(Served(Nothing)).unwrap();
        let options = Options::new().peer(server.port());
        let told = thread::scope(|scope| {
            scope.spawn(|| while server.serve_timeout(Duration::from_secs(1)).unwrap() {});
            let mut client = Client::open_with(&options).unwrap();
            send_more(client.connection());
            let multi = &[0; ROOM / 8];
            let long = Echo {
                multi,
                ..Default::default()
            };
            client.echo(&long).map(drop)
        });
        let refused = told.unwrap_err();
        assert_eq!(refused.errno(), Some(libc::EMSGSIZE), "{refused}");
        let words = "the request has 262164 bytes, of which there was room for 262144";
        assert!(refused.to_string().ends_with(words), "{refused}");
    }

    #[test]
    fn what_is_whole_is_served_and_what_makes_no_sense_is_not_answered() {
        let _alone = alone();
        let mut server = Server::bind().unwrap();
        let client = NlSocket::connect(NlFamily::Usersock, None, Groups::empty()).unwrap();
        send_more(&fd(&client));
        let mut served = |requests: &[Vec<u8>]| {
            let to = (server.port(), 0);
            sys::send_to(fd(&client), &requests.concat(), 0, to).unwrap();
            server.serve_once().unwrap();
            let answer = || {
                let mut room = [0; 1024];
                let len = sys::receive(fd(&client), &mut room, libc::MSG_DONTWAIT, None).ok()?;
                let head = Head::read(&room[..len]).unwrap();
                let error = i32::from_ne_bytes(*room[NLMSG_HDRLEN..].first_chunk().unwrap());
                Some((head.seq, -error))
            };
            std::iter::from_fn(answer).collect::<Vec<_>>()
        };
        let head = |seq| Head {
            len: 0,
            kind: libc::NLMSG_NOOP as u16,
            flags: (libc::NLM_F_REQUEST | libc::NLM_F_ACK) as u16,
            seq,
            port: 0,
        };
        let short = head(1).with_body(&[]);
        let long = head(2).with_body(&[0; ROOM]);
        let answers = served(&[short.clone(), long.clone(), short.clone()]);
        assert_eq!(answers, [(1, 0), (2, libc::EMSGSIZE)]);
        let no_request = Head {
            flags: 0,
            ..head(2)
        };
        assert_eq!(served(&[no_request.with_body(&[0; ROOM])]), []);
        // It is not as long as it says.
        let mut liar = long;
        liar[..4].copy_from_slice(&u32::MAX.to_ne_bytes());
        assert_eq!(served(&[liar]), []);
        assert_eq!(served(&[short]), [(1, 0)]);
    }
}
