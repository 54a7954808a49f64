//! Hostile messages: valid ones of a spec, and the same ones spoiled, thousands of them.
//!
//! Each datagram follows from the seed and its number alone, so that any of them can be sent again.
//! The kernel must answer each message in it once, with messages that the spec can read, and report
//! nothing on its console; and kvstore has to hold what a store that is kept here holds.

pub(crate) mod datagram;
mod draft;
mod kernel;
mod mirror;
pub(crate) mod port;
pub(crate) mod random;
mod spoil;
mod starve;
mod tally;
mod valid;
mod watchdog;

use std::collections::HashMap;
use std::path::Path;

use genl_user::dynamic::genl_schema::{compile, model::Family};
use genl_user::dynamic::{Unknown, decode};
use genl_user::families::nlctrl;

use crate::guest::in_new_netns;
use crate::number;
use datagram::Request;
use draft::HEADERS;
use kernel::Kernel;
use mirror::Mirror;
use port::{Answer, Port};
use tally::Tally;
use watchdog::Watchdog;

/// After so many datagrams all begins anew, in another namespace: a full store makes dumps slow.
const STRETCH: u64 = 5_000;

/// How often the mirror is compared with the store, in datagrams.
const COMPARED: u64 = 1_000;

/// How often the kernel is asked whether it is well, in datagrams.
const ASKED: u64 = 16;

/// What is sent.
struct Plan {
    family: Family,
    seed: u64,
    /// The number of the first datagram.
    first: u64,
    /// At least so many.
    messages: u64,
}

impl Plan {
    /// Of a family whose spec ships, with numbers that the environment can set.
    fn of(family: &str) -> Self {
        let specs = concat!(env!("CARGO_MANIFEST_DIR"), "/../schema/families");
        Self::read(&Path::new(specs).join(format!("{family}.yaml")))
    }

    fn read(spec: &Path) -> Self {
        let text = std::fs::read_to_string(spec).expect("the spec can be read");
        let family = compile(&spec.to_string_lossy(), &text).expect("the spec has no error");
        Self {
            family,
            seed: number("GENL_TORTURE_SEED", 1),
            first: number("GENL_TORTURE_FIRST", 0),
            messages: number("GENL_TORTURE_MESSAGES", 50_000),
        }
    }
}

#[test]
fn kvstore_holds_what_it_accepted() {
    torture(&Plan::of("kvstore"));
}

#[test]
fn nltest_stands_it() {
    torture(&Plan::of("nltest"));
}

#[test]
fn everything_stands_it() {
    torture(&Plan::of("everything"));
}

/// What `cargo xtask torture` runs: it names a spec.
#[test]
#[ignore = "`cargo xtask torture` runs it, with a spec from the environment"]
fn any_family_stands_it() {
    let spec = std::env::var_os("GENL_TORTURE_SPEC").expect("GENL_TORTURE_SPEC is set");
    torture(&Plan::read(Path::new(&spec)));
}

/// Sends what is planned; prints how it was answered.
fn torture(plan: &Plan) {
    let name = plan.family.name.as_str();
    println!("{name}, seed {}:", plan.seed);
    let mut kernel = Kernel::watch();
    let mut tally = Tally::default();
    let watchdog = Watchdog::start(name, plan.seed);
    let mut number = plan.first;
    while tally.messages < plan.messages {
        in_new_netns(|| {
            let mut stretch = Stretch::begin(plan);
            let end = number + STRETCH;
            while number < end && tally.messages < plan.messages {
                watchdog.at(number);
                let datagram = datagram::make(&plan.family, stretch.id, plan.seed, number);
                let outcome = stretch
                    .send(&datagram, &mut tally)
                    .and_then(|()| match number % ASKED {
                        0 => kernel.is_well(),
                        _ => Ok(()),
                    })
                    .and_then(|()| match number % COMPARED {
                        0 => stretch.compare(),
                        _ => Ok(()),
                    });
                if let Err(wrong) = outcome {
                    panic!(
                        "{wrong}\nseed {}, datagram {number}: {}",
                        plan.seed,
                        shown(&datagram)
                    );
                }
                number += 1;
                tally.show(number);
            }
            stretch
                .compare()
                .and_then(|()| kernel.is_well())
                .unwrap_or_else(|wrong| {
                    panic!(
                        "{wrong}\nseed {}, behind datagram {}",
                        plan.seed,
                        number - 1
                    )
                });
        });
    }
    println!("{tally}");
    assert!(tally.accepted > 0 && tally.accepted < tally.messages);
}

/// A datagram's beginning: the seed makes the rest of it again.
fn shown(datagram: &[u8]) -> String {
    const SHOWN: usize = 1024;
    let len = datagram.len();
    let beginning = &datagram[..len.min(SHOWN)];
    let digits: String = beginning.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{len} bytes, {digits}")
}

/// Datagrams that meet the same state.
struct Stretch<'p> {
    family: &'p Family,
    id: u16,
    port: Port,
    listener: Port,
    mirror: Option<Mirror>,
}

impl<'p> Stretch<'p> {
    fn begin(plan: &'p Plan) -> Self {
        let name = plan.family.name.as_str();
        let mut controller = nlctrl::Client::open().expect("nlctrl");
        let request = nlctrl::Getfamily {
            family_name: Some(name),
            ..Default::default()
        };
        let known = controller.getfamily(&request).expect("the family is there");
        let known = known.to_owned();
        let groups: Vec<u32> = known
            .mcast_groups
            .iter()
            .filter_map(|group| group.id)
            .collect();
        Self {
            family: &plan.family,
            id: known.family_id.expect("a number"),
            port: Port::open(&[], plan.seed.is_multiple_of(2)),
            listener: Port::open(&groups, true),
            mirror: (name == "kvstore").then(Mirror::default),
        }
    }

    /// Sends a datagram; says what is wrong with the answers, if anything is.
    fn send(&mut self, datagram: &[u8], tally: &mut Tally) -> Result<(), String> {
        let before = self.mirror.as_ref().map(Mirror::revision);
        self.port.send(datagram);
        let mut answers: HashMap<u32, Vec<Answer>> = HashMap::new();
        for answer in self.port.drain() {
            match answer.seq {
                // A message that the kernel was asked to send to a port, which happens to be this.
                0 => self.read_event(&answer)?,
                seq => answers.entry(seq).or_default().push(answer),
            }
        }
        let left = self.port.has_left_a_dump();
        for request in datagram::requests(datagram) {
            let answers = answers.remove(&request.seq).unwrap_or_default();
            self.judge(datagram, &request, &answers, left, tally)
                .map_err(|wrong| format!("message at {:?}: {wrong}", request.place))?;
        }
        if !answers.is_empty() {
            return Err("an answer to nothing".to_owned());
        }
        let events = self.listener.drain();
        for event in &events {
            self.read_event(event)?;
        }
        if let (Some(mirror), Some(before)) = (&self.mirror, before)
            && mirror.revision() - before != events.len() as u64
        {
            return Err(format!("{} events", events.len()));
        }
        Ok(())
    }

    /// Looks at what came back for one message; `left` says that some dump has not come to its end.
    fn judge(
        &mut self,
        datagram: &[u8],
        request: &Request,
        answers: &[Answer],
        left: bool,
        tally: &mut Tally,
    ) -> Result<(), String> {
        let mut errno = None;
        let mut replies = Vec::new();
        for answer in answers {
            match answer.errno() {
                None if self.is_echo(request, answer) => self.read_event(answer)?,
                None => replies.push(answer),
                Some(_) if errno.is_some() => return Err("it is answered twice".to_owned()),
                told => errno = told,
            }
            if let Some(offset) = answer.offset()
                && offset >= request.place.len()
            {
                return Err(format!("an extended ACK that points at {offset}"));
            }
        }
        let asked = request.has(libc::NLM_F_REQUEST);
        tally.count(errno.unwrap_or(0), asked && request.kind == self.id);
        if !asked || request.kind != self.id {
            return Ok(());
        }
        let dump = request.has(libc::NLM_F_DUMP);
        if errno.is_none() && (dump && !left || !dump && request.has(libc::NLM_F_ACK)) {
            return Err("it is not answered".to_owned());
        }
        for reply in &replies {
            self.read(request, reply)?;
        }
        let errno = errno.unwrap_or(0);
        if !dump && self.family.reply_or_error {
            let op = self
                .family
                .ops
                .iter()
                .find(|op| Some(op.cmd) == request.cmd);
            let due = op.and_then(|op| op.do_.as_ref()?.reply).is_some() && errno == 0;
            // There may be several, as with nltest's `repeat`.
            if replies.is_empty() == due {
                return Err(format!("errno {errno} and {} replies", replies.len()));
            }
        }
        match &mut self.mirror {
            Some(mirror) if !dump => mirror.learn(
                &datagram[request.place.clone()],
                errno,
                replies.first().copied(),
            ),
            _ => Ok(()),
        }
    }

    /// It is the event of what the request did, which the request asked to hear.
    fn is_echo(&self, request: &Request, answer: &Answer) -> bool {
        let events = &self.family.events;
        request.has(libc::NLM_F_ECHO)
            && answer.kind == self.id
            && answer.bytes.len() >= HEADERS
            && Some(answer.generic().0) != request.cmd
            && events.iter().any(|event| event.cmd == answer.generic().0)
    }

    /// Reads what nobody asked for by the spec.
    fn read_event(&self, event: &Answer) -> Result<(), String> {
        let (cmd, payload) = event.generic();
        let known = self.family.events.iter().find(|event| event.cmd == cmd);
        let known = known.ok_or_else(|| format!("an event with command {cmd}"))?;
        let message = &self.family[known.message];
        decode(self.family, message, payload, Unknown::Skip)
            .map(drop)
            .map_err(|fault| format!("an event that cannot be read: {fault}"))
    }

    /// Reads a reply by the spec.
    fn read(&self, request: &Request, reply: &Answer) -> Result<(), String> {
        if reply.kind != self.id || reply.bytes.len() < HEADERS {
            return Err("a reply that is none of the family's".to_owned());
        }
        let op = self
            .family
            .ops
            .iter()
            .find(|op| Some(op.cmd) == request.cmd);
        let call = op.and_then(|op| match request.has(libc::NLM_F_DUMP) {
            true => op.dump.as_ref(),
            false => op.do_.as_ref(),
        });
        let known = call.and_then(|call| call.reply);
        let known = known.ok_or("a reply where the spec has none")?;
        let (cmd, payload) = reply.generic();
        if cmd != known.cmd {
            return Err(format!("a reply with command {cmd}"));
        }
        decode(
            self.family,
            &self.family[known.message],
            payload,
            Unknown::Skip,
        )
        .map(drop)
        .map_err(|fault| format!("a reply that cannot be read: {fault}"))
    }

    fn compare(&self) -> Result<(), String> {
        match &self.mirror {
            Some(mirror) => mirror.compare(self.id),
            None => Ok(()),
        }
    }
}

impl Drop for Stretch<'_> {
    fn drop(&mut self) {
        // The namespace goes with its last socket, and the next stretch begins without its load.
        drop(self.port.drain());
    }
}
