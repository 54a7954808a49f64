//! Checks that both modules do the same: whatever is asked of both, they answer with the same bytes,
//! and tell those who listen the same.

use crate::kvstore::{
    CLEAR, DEL, DEL_NTF, FLAGS, GET, KEY, META, META_CREATED_NS, META_HITS, META_LABEL, NESTED,
    PREFIX, SET, SET_NTF, STATS, UNKNOWN, VALUE,
};
use crate::netlink::{
    ACK, DUMP, Family, HEADERS, Messages, Socket, attr, find, kind, text, u16_at,
};

/// How many requests both get. Keys are few, so that there are many hits.
const REQUESTS: usize = 3000;
const KEYS: u64 = 40;

/// Any number but 0.
const SEED: u64 = 0x9e37_79b9_7f4a_7c15;

/// Asks both the same, in stores that are empty; panics if any answer differs.
pub(crate) fn check(families: [Family; 2]) {
    let mut random = Random(SEED);
    let mut clients = families.map(Client::new);
    let policies = clients.each_mut().map(Client::policies);
    assert!(!policies[0].is_empty());
    assert_eq!(policies[0], policies[1], "policies differ");
    let mut events = 0;
    for number in 0..REQUESTS {
        let (cmd, flags, attrs) = random.request(number);
        let answers = clients
            .each_mut()
            .map(|client| client.ask(cmd, flags, &attrs));
        assert!(
            answers[0] == answers[1],
            "request {number} (command {cmd}, flags {flags:#x}, attributes {attrs:x?}) is not answered alike:\n\
             {:x?}\n{:x?}",
            answers[0],
            answers[1]
        );
        events += answers[0].iter().filter(|answer| is_event(answer)).count();
    }
    // About every second request changes something.
    assert!(events > REQUESTS / 4, "only {events} events came");
}

struct Client {
    family: Family,
    socket: Socket,
    listener: Socket,
}

impl Client {
    fn new(family: Family) -> Self {
        Self {
            family,
            socket: Socket::open(),
            listener: Socket::listener(family),
        }
    }

    /// What the kernel says of the family's policies.
    fn policies(&mut self) -> Vec<Vec<u8>> {
        const GENL_ID_CTRL: u16 = 0x10;
        const CTRL_CMD_GETPOLICY: u8 = 10;
        const CTRL_ATTR_FAMILY_ID: u16 = 1;
        let nlctrl = Family {
            id: GENL_ID_CTRL,
            ..self.family
        };
        let id = attr(CTRL_ATTR_FAMILY_ID, &self.family.id.to_ne_bytes());
        self.socket
            .send(&mut nlctrl.request(CTRL_CMD_GETPOLICY, DUMP, &id));
        let mut answers = self.answers(DUMP);
        for answer in &mut answers {
            let attrs = &mut answer[HEADERS..];
            if let Some(id) = find(attrs, CTRL_ATTR_FAMILY_ID) {
                attrs[id].fill(0);
            }
        }
        answers
    }

    /// All that comes of a request: to who asked, and then to who listens.
    fn ask(&mut self, cmd: u8, flags: u16, attrs: &[u8]) -> Vec<Vec<u8>> {
        self.socket
            .send(&mut self.family.request(cmd, flags, attrs));
        let mut messages = self.answers(flags);
        while let Some(event) = self.listener.receive(libc::MSG_DONTWAIT) {
            messages.push(alike(self.family, event));
        }
        messages
    }

    fn answers(&mut self, flags: u16) -> Vec<Vec<u8>> {
        let mut answers = Vec::new();
        loop {
            let datagram = self.socket.receive(0).expect("an answer").to_vec();
            for message in Messages(&datagram) {
                answers.push(alike(self.family, message));
                let last = match i32::from(kind(message)) {
                    libc::NLMSG_ERROR | libc::NLMSG_DONE => true,
                    _ => flags & (DUMP | ACK) == 0,
                };
                if last {
                    return answers;
                }
            }
        }
    }
}

/// Whether a message, of one of the families and made alike, is an event.
fn is_event(message: &[u8]) -> bool {
    kind(message) == 0 && [SET_NTF, DEL_NTF].contains(&message[16])
}

/// A message of `family`'s without what cannot be the same: the number of family and port, and times.
fn alike(family: Family, message: &[u8]) -> Vec<u8> {
    let mut message = message.to_vec();
    if kind(&message) == family.id {
        message[4..6].fill(0);
        let attrs = &mut message[HEADERS..];
        if let Some(meta) = find(attrs, META)
            && let Some(created) = find(&attrs[meta.clone()], META_CREATED_NS)
        {
            attrs[meta][created].fill(0);
        }
    } else if i32::from(kind(&message)) == libc::NLMSG_ERROR {
        // Its copy of the request's header.
        assert_eq!(u16_at(&message, 24), family.id);
        message[24..26].fill(0);
        message[32..36].fill(0);
    }
    message[12..16].fill(0);
    message
}

fn key(number: u64) -> String {
    match number % 4 {
        0 => format!("{number}"),
        1 => format!("key/{number}"),
        2 => format!("key/{number}/{}", "x".repeat(number as usize)),
        _ => format!("{number:064}"),
    }
}

/// xorshift64.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) % limit
    }

    /// Whether one of `times` chances came.
    fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    /// Command, flags and attributes of a request. One in several is wrong in one way or another.
    fn request(&mut self, number: usize) -> (u8, u16, Vec<u8>) {
        let flags = if self.one_in(3) { ACK } else { 0 };
        // Neither is answered by anything but an ACK.
        match self.below(40) {
            0 if number.is_multiple_of(8) => return (CLEAR, ACK, Vec::new()),
            0 => return (UNKNOWN, flags, Vec::new()),
            1..4 => return (STATS, flags, self.surplus()),
            4..6 => return (GET, DUMP, self.prefix()),
            _ => {}
        }
        let mut attrs = match self.below(30) {
            0 => Vec::new(),
            1 => attr(KEY, b""),
            2 => attr(KEY, b"\0"),
            3 => attr(KEY, &[b'y'; 66]),
            4 => attr(KEY, b"no end"),
            _ => {
                let number = self.below(KEYS);
                attr(KEY, &text(&key(number)))
            }
        };
        let cmd = match self.below(10) {
            0..4 => GET,
            4..6 => DEL,
            _ => {
                attrs.extend(self.entry());
                SET
            }
        };
        attrs.extend(self.surplus());
        (cmd, flags, attrs)
    }

    /// What an entry has beside its key.
    fn entry(&mut self) -> Vec<u8> {
        let mut attrs = Vec::new();
        if !self.one_in(4) {
            let most = if self.one_in(8) { 4100 } else { 200 };
            attrs.extend(attr(
                VALUE,
                &vec![self.below(256) as u8; self.below(most) as usize],
            ));
        }
        if self.one_in(3) {
            let sets = if self.one_in(8) { 6 } else { 3 };
            attrs.extend(attr(FLAGS, &(self.below(sets) as u32).to_ne_bytes()));
        }
        if self.one_in(2) {
            let mut labels = Vec::new();
            let most = if self.one_in(10) { 19 } else { 6 };
            for number in 0..self.below(most) {
                let len = if self.one_in(60) { 65 } else { self.below(64) };
                let label = format!("{number}{}", "l".repeat(len as usize));
                labels.extend(attr(META_LABEL, &text(&label)));
            }
            if self.one_in(20) {
                labels.extend(attr(META_CREATED_NS, &7_u64.to_ne_bytes()));
            }
            if self.one_in(20) {
                labels.extend(attr(META_HITS, &7_u32.to_ne_bytes()));
            }
            let nested = if self.one_in(20) { 0 } else { NESTED };
            attrs.extend(attr(META | nested, &labels));
        }
        attrs
    }

    /// What begins the keys that a dump asks for.
    fn prefix(&mut self) -> Vec<u8> {
        match self.below(6) {
            0 => attr(PREFIX, &text("key/")),
            1 => attr(PREFIX, &text("")),
            2 => attr(PREFIX, &text(&"0".repeat(60))),
            3 => attr(PREFIX, &text(&"0".repeat(65))),
            4 => attr(PREFIX, &text("key/2")),
            _ => Vec::new(),
        }
    }

    /// Now and then an attribute that nobody asked for.
    fn surplus(&mut self) -> Vec<u8> {
        match self.below(40) {
            0 => attr(self.below(9) as u16, &[0; 4]),
            1 => vec![3, 0, 0, 0],
            _ => Vec::new(),
        }
    }
}
