//! Kernel modules and the same families served in userspace, given the same messages, valid ones and
//! spoiled ones: what one accepts or refuses, the other does, in the same words and at the same place.
//!
//! What differs, and why:
//! - A text that is not UTF-8 gets to handlers in the kernel, and to none in Rust's types.
//! - An operation that the kernel is not configured for is not in the module, but served all the same.

use genl_user::dynamic::genl_schema::compile;
use genl_user::dynamic::genl_schema::model::Family;
use genl_user::families::{kvstore, nlctrl};
use genl_user::server::{Call, Row, Serve};
use genl_user::testing::{Kernel, Raw};
use genl_user::{Layout, Operation};

use crate::families::{every_legacy, every_per_op, everything};
use crate::guest::in_new_netns;
use crate::hostile::{datagram, port::Port};
use crate::number;
use crate::served::Store;

/// What a handler of the fake kernel is said to have answered: it got the request.
const REACHED: i32 = libc::EHWPOISON;

/// What makes a dump of a request.
const DUMP: u16 = libc::NLM_F_DUMP as u16;

/// What the handlers of the modules answer by themselves, to what was accepted.
const OF_HANDLERS: [i32; 6] = [
    0,
    libc::ECANCELED,
    libc::EMSGSIZE,
    libc::EOVERFLOW,
    libc::ENOMEM,
    libc::EBUSY,
];

/// How many messages each family gets.
fn messages() -> u64 {
    number("GENL_TEST_ALIKE", 300)
}

/// Handles nothing: it is enough to know what would get here.
struct Nobody;

impl everything::server::Handler for Nobody {}
impl every_legacy::server::Handler for Nobody {}
impl every_per_op::server::Handler for Nobody {}

macro_rules! spec {
    ($name:literal) => {
        compile(
            $name,
            include_str!(concat!("../../../schema/families/", $name)),
        )
        .unwrap_or_else(|report| panic!("{report}"))
    };
}

#[test]
fn everything_is_checked_alike() {
    compare_checks(
        &everything::FAMILY,
        &spec!("everything.yaml"),
        everything::server::Served(Nobody),
    );
}

#[test]
fn every_legacy_is_checked_alike() {
    compare_checks(
        &every_legacy::FAMILY,
        &spec!("every_legacy.yaml"),
        every_legacy::server::Served(Nobody),
    );
}

#[test]
fn every_per_op_is_checked_alike() {
    compare_checks(
        &every_per_op::FAMILY,
        &spec!("every_per_op.yaml"),
        every_per_op::server::Served(Nobody),
    );
}

#[test]
fn kvstore_answers_alike() {
    in_new_netns(|| {
        let mut both = Both::open(
            &spec!("kvstore.yaml"),
            kvstore::server::Served(Store::default()),
        );
        let mut refused = 0;
        for number in 0..messages() {
            for message in both.messages(number) {
                let fake = both.ask_fake(&message);
                if fake
                    .iter()
                    .any(|answer| contains(&answer.bytes, b"it is not UTF-8"))
                {
                    continue;
                }
                let real = both.ask_real(&message);
                refused += u64::from(errno(&real) != 0);
                assert_eq!(errno(&fake), errno(&real), "{number}: {message:02x?}");
                assert_eq!(errors(&fake), errors(&real), "{number}: {message:02x?}");
                assert_eq!(fake.len(), real.len(), "{number}: {message:02x?}");
            }
        }
        assert!((1..messages()).contains(&refused), "{refused}");
    });
}

/// Sends random messages, each to the module and to the fake, whose handlers are not called.
fn compare_checks<S: Serve>(generated: &'static genl_user::Family, family: &Family, served: S) {
    let mut both = Both::open(family, served);
    let kernel = both.kernel.clone();
    let fail_next = |row: &Row<S>| {
        let operation = Operation {
            family: generated,
            name: row.name,
            cmd: row.cmd,
            is_dump: is_dump(row),
            header: 0,
            request: &Layout { fields: &[] },
            answer: genl_user::Answer::Ack,
            capability: None,
        };
        kernel.fail_next(&operation, REACHED);
    };
    S::ROWS.iter().for_each(fail_next);
    let (mut taken, mut refused) = (0, 0);
    for number in 0..messages() {
        for message in both.messages(number) {
            let fake = both.ask_fake(&message);
            let context = || format!("{number}: {message:02x?}");
            if errno(&fake) == REACHED {
                let flags = u16::from_ne_bytes([message[6], message[7]]);
                let mut rows = S::ROWS.iter();
                let reached = rows
                    .find(|row| row.cmd == message[16] && is_dump(row) == (flags & DUMP == DUMP));
                fail_next(reached.expect("it is served"));
                let real = both.ask_real(&message);
                assert!(
                    OF_HANDLERS.contains(&errno(&real)),
                    "{} {}",
                    errno(&real),
                    context()
                );
                taken += 1;
            } else {
                let real = both.ask_real(&message);
                assert_eq!(errno(&fake), errno(&real), "{}", context());
                assert_eq!(errors(&fake), errors(&real), "{}", context());
                refused += 1;
            }
        }
    }
    println!("{}: {taken} taken, {refused} refused", family.name);
    assert!(taken > 0 && refused > 0);
}

fn is_dump<S>(row: &Row<S>) -> bool {
    matches!(row.call, Call::Dump(_))
}

/// A message of an answer.
struct Answer {
    kind: u16,
    bytes: Vec<u8>,
}

/// The module of a family, and the fake kernel that serves it too.
struct Both {
    family: Family,
    id: u16,
    port: Port,
    kernel: Kernel,
    fake_id: u16,
    fake: Raw,
}

impl Both {
    fn open<S: Serve>(family: &Family, served: S) -> Self {
        let mut controller = nlctrl::Client::open().expect("nlctrl");
        let request = nlctrl::Getfamily {
            family_name: Some(family.name.as_str()),
            ..Default::default()
        };
        let known = controller
            .getfamily(&request)
            .expect("the module is loaded");
        let id = known.family_id().expect("a number");
        let kernel = Kernel::new();
        let registered = kernel.register(served).expect("it is the first family");
        Self {
            family: family.clone(),
            id,
            port: Port::open(&[], false),
            fake_id: registered.id(),
            fake: kernel.raw(false).expect("a port"),
            kernel,
        }
    }

    /// The messages of a random datagram, of which each is for the family or for nobody.
    fn messages(&self, number: u64) -> Vec<Vec<u8>> {
        let datagram = datagram::make(&self.family, self.id, 7, number);
        let requests = datagram::requests(&datagram).into_iter();
        // The controller's are for the controller's tests.
        requests
            .filter(|request| request.kind == self.id && self.is_built(request.cmd))
            .map(|request| datagram[request.place].to_vec())
            .collect()
    }

    /// The kernel has the operation, or nobody has.
    fn is_built(&self, cmd: Option<u8>) -> bool {
        let mut ops = self.family.ops.iter();
        let op = ops.find(|op| Some(op.cmd) == cmd);
        op.is_none_or(crate::everything::is_built)
    }

    fn ask_real(&mut self, message: &[u8]) -> Vec<Answer> {
        self.port.send(message);
        let answers = self.port.drain().into_iter();
        answers
            .map(|answer| Answer {
                kind: answer.kind,
                bytes: answer.bytes,
            })
            .collect()
    }

    fn ask_fake(&self, message: &[u8]) -> Vec<Answer> {
        let mut message = message.to_vec();
        message[4..6].copy_from_slice(&self.fake_id.to_ne_bytes());
        let came = self.fake.exchange(&message).expect("nothing is lost");
        let mut answers = Vec::new();
        for datagram in came {
            let mut rest = &datagram[..];
            while let Some((len, [k0, k1])) = rest.first_chunk::<6>().map(|head| {
                let [l0, l1, l2, l3, k0, k1] = *head;
                (u32::from_ne_bytes([l0, l1, l2, l3]) as usize, [k0, k1])
            }) {
                answers.push(Answer {
                    kind: u16::from_ne_bytes([k0, k1]),
                    bytes: rest[..len].to_vec(),
                });
                rest = &rest[len.next_multiple_of(4).min(rest.len())..];
            }
        }
        answers
    }
}

/// The error number that a request was answered with; 0 if none was.
fn errno(answers: &[Answer]) -> i32 {
    errors(answers).first().map_or(0, |body| {
        let errno = body.first_chunk().expect("an error has a number");
        -i32::from_ne_bytes(*errno)
    })
}

/// What errors and the ends of dumps say, without what names the port and the family.
fn errors(answers: &[Answer]) -> Vec<Vec<u8>> {
    /// Where a repeated request has its `nlmsg_type`.
    const KIND: std::ops::Range<usize> = 8..10;
    let ends = answers.iter().filter(|answer| answer.kind < 16);
    ends.map(|answer| {
        let mut body = answer.bytes[16..].to_vec();
        // The flags tell what the body has.
        body.extend(&answer.bytes[6..8]);
        if i32::from(answer.kind) == libc::NLMSG_ERROR {
            body[KIND].fill(0);
        }
        body
    })
    .collect()
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
