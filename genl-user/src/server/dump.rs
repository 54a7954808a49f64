//! Dumps: from a handler's items to chunks (`netlink_dump()`).

use super::controller;
use super::engine::{CONTROLLER, Engine, Peer, Stand, tlvs};
use super::extack::Refusal;
use super::op::{Numbered, Op, Outbox, To};
use crate::policy::extack::Extack;
use crate::wire::{ATTRS_OFFSET, Head, Payload, align};

/// How long a chunk is for who has received into small buffers alone: `NLMSG_GOODSIZE`, of pages of
/// 4 KiB.
const SHORT: usize = 4096 - OVERHEAD;
/// The longest chunk of several items: `SKB_WITH_OVERHEAD(32768)`.
const LONG: usize = 32768 - OVERHEAD;
/// What the kernel keeps beside a message's bytes: `struct skb_shared_info`.
const OVERHEAD: usize = 320;

/// A dump that has begun and not ended.
pub(super) struct Running {
    family: Numbered,
    /// The request, of which the cursor does not borrow.
    request: Vec<u8>,
    stand: Stand,
    /// An item that did not fit into the last chunk.
    pending: Option<Vec<u8>>,
    /// At which revision the last message was built.
    revision: Option<u64>,
    interrupted: bool,
    /// It is no more once the peer begins another.
    pub(super) gives_way: bool,
    /// It has come to its end, with this error number, 0 if it went well.
    ended: Option<(i32, Extack)>,
}

/// Begins a dump: `genl_start()`.
pub(super) fn begin(
    engine: &mut Engine,
    peer: &mut Peer,
    way: usize,
    message: &[u8],
    op: &mut Op<'_>,
) -> Result<(), Refusal> {
    let stand = match op.family.id {
        CONTROLLER => controller::start(engine, way, op)?,
        id => match engine.by_id_mut(id) {
            Some(registered) => registered.served.start(way, op.payload, op)?,
            None => return Err(Refusal::new(libc::ENOENT)),
        },
    };
    peer.dump = Some(Running {
        family: op.family,
        request: message.to_vec(),
        stand,
        pending: None,
        revision: None,
        interrupted: false,
        gives_way: false,
        ended: None,
    });
    Ok(())
}

impl Engine {
    /// The next chunk of the peer's dump; `None` if there is none.
    pub(crate) fn chunk(&mut self, peer: &mut Peer, outbox: &mut dyn Outbox) -> Option<Vec<u8>> {
        let mut dump = peer.dump.take()?;
        let room = peer.largest_receive.clamp(SHORT, LONG);
        let mut chunk = Vec::new();
        while dump.ended.is_none() {
            let item = match dump.pending.take() {
                Some(item) => item,
                None => match dump.advance(self, peer, outbox) {
                    Some(item) => item,
                    None => break,
                },
            };
            // An item that is long by itself gets a chunk that is.
            if !chunk.is_empty() && chunk.len() + item.len() > room {
                dump.pending = Some(item);
                break;
            }
            chunk.extend(item);
            chunk.resize(align(chunk.len()), 0);
        }
        match &dump.ended {
            Some((errno, extack)) if chunk.len() + ATTRS_OFFSET <= room || chunk.is_empty() => {
                let end = dump.end(peer, *errno, extack);
                chunk.extend(end);
            }
            _ => peer.dump = Some(dump),
        }
        Some(chunk)
    }

    /// Sends a chunk of the peer's dump. If one is lost so are all that would come behind it, as nobody
    /// could tell that it is missing: then the dump's end says why.
    pub(crate) fn send_chunk(&self, peer: &mut Peer, chunk: Vec<u8>, outbox: &mut dyn Outbox) {
        if let Err(errno) = outbox.push(To::Port(peer.port), chunk) {
            peer.end_dump(errno, outbox);
        }
    }
}

impl Peer {
    /// Lets what the peer's dump lists seem to be changed meanwhile.
    #[cfg(feature = "testing")]
    pub(super) fn interrupt_dump(&mut self) {
        if let Some(dump) = &mut self.dump {
            dump.interrupted = true;
        }
    }

    /// Lets the peer begin another dump before this one has ended: some of it was held back, which the real
    /// kernel does not do, so that the client may have given it up and cannot know that it goes on.
    #[cfg(feature = "testing")]
    pub(crate) fn let_dump_give_way(&mut self) {
        if let Some(dump) = &mut self.dump {
            dump.gives_way = true;
        }
    }

    /// Ends the peer's dump before its end, if one is running.
    pub(super) fn end_dump(&mut self, errno: i32, outbox: &mut dyn Outbox) {
        if let Some(dump) = self.dump.take() {
            let end = dump.end(self, errno, &Extack::default());
            // If there is no room for that either, the client waits in vain.
            let _ = outbox.push(To::Port(self.port), end);
        }
    }
}

impl Running {
    /// The next item, marked if it is not consistent with those before; `None` at the end.
    fn advance(
        &mut self,
        engine: &mut Engine,
        peer: &Peer,
        outbox: &mut dyn Outbox,
    ) -> Option<Vec<u8>> {
        let head = Head::read(&self.request).ok()?;
        let payload = Payload::new(&self.request[ATTRS_OFFSET..], ATTRS_OFFSET);
        let mut op = Op {
            family: self.family,
            head,
            port: peer.port,
            caller: peer.rights.caller,
            payload,
            outbox,
            extack: Extack::default(),
            revision: None,
            item: None,
        };
        let advanced = match self.family.id {
            CONTROLLER => controller::next(&mut self.stand, &mut op),
            id => match engine.by_id_mut(id) {
                Some(registered) => registered.served.next(&mut self.stand, &mut op),
                // Its module is gone, and the dump with it.
                None => Ok(false),
            },
        };
        let (revision, item, mut extack) = (op.revision, op.item, op.extack);
        self.interrupted |= self.is_inconsistent_at(revision);
        let errno = match advanced {
            Ok(true) => {
                let mut item = item?;
                if std::mem::take(&mut self.interrupted) {
                    mark_interrupted(&mut item);
                }
                return Some(item);
            }
            Ok(false) => 0,
            Err(refusal) => refusal.merge_into(&mut extack),
        };
        self.ended = Some((errno, extack));
        None
    }

    /// `nl_dump_check_consistent()`
    fn is_inconsistent_at(&mut self, revision: Option<u64>) -> bool {
        let before = self.revision;
        self.revision = revision.or(before);
        before.is_some() && self.revision != before
    }

    /// The message behind which nothing comes: `netlink_dump_done()`.
    fn end(&self, peer: &Peer, errno: i32, extack: &Extack) -> Vec<u8> {
        let mut body = (-errno).to_ne_bytes().to_vec();
        let mut flags = libc::NLM_F_MULTI as u16;
        if self.interrupted {
            flags |= libc::NLM_F_DUMP_INTR as u16;
        }
        if peer.wants_extack {
            flags |= tlvs(extack, errno, &mut body);
        }
        let seq = Head::read(&self.request).map_or(0, |head| head.seq);
        let head = Head {
            len: 0,
            kind: libc::NLMSG_DONE as u16,
            flags,
            seq,
            port: peer.port,
        };
        head.with_body(&body)
    }
}

/// Sets NLM_F_DUMP_INTR in a message.
fn mark_interrupted(message: &mut [u8]) {
    const FLAGS: std::ops::Range<usize> = 6..8;
    let flags = u16::from_ne_bytes([message[6], message[7]]) | libc::NLM_F_DUMP_INTR as u16;
    message[FLAGS].copy_from_slice(&flags.to_ne_bytes());
}
