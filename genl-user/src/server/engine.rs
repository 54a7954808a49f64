//! What the kernel does with a datagram (`netlink_rcv_skb()`, `net/netlink/genetlink.c`): the
//! families that are registered, and how requests get to them.

use std::any::Any;
use std::collections::BTreeMap;
use std::io::{self, ErrorKind};

use super::caller::Caller;
use super::dump::{Running, begin};
#[cfg(feature = "testing")]
use super::faults::Faults;
#[cfg(feature = "testing")]
use super::modules::Modules;
use super::op::{Numbered, Op, Outbox, To};
use super::{Call, Cursor, Description, Group, Permission, Refusal, Row, Serve, controller};
use crate::policy::extack::Extack;
use crate::policy::validate::{Checked, Strictness, Validator};
use crate::policy::{Policy, Rules, check};
use crate::socket::first_seq;
use crate::wire::{ATTRS_OFFSET, Encoder, GENL_HDRLEN, Head, NLMSG_HDRLEN, Payload, align};

/// GENL_ID_CTRL, which is also the number of its one group.
pub(crate) const CONTROLLER: u16 = 0x10;

/// The first id that is given out: those before it belong to families of old.
const FIRST_ID: u16 = CONTROLLER + 3;

/// GENL_MAX_ID
const LAST_ID: u16 = 1023;

/// Group numbers that are never given out: 0 is none, 1 the kernel skips, the others are reserved.
const RESERVED_GROUPS: [u32; 4] = [1, 16, 17, 18];

/// Who sends requests.
pub(crate) struct Peer {
    pub(crate) port: u32,
    pub(crate) rights: Rights,
    /// It wants extended ACKs (NETLINK_EXT_ACK).
    pub(crate) wants_extack: bool,
    /// It wants no requests repeated (NETLINK_CAP_ACK).
    pub(crate) caps_ack: bool,
    /// The largest buffer that it has received into, in bytes.
    pub(crate) largest_receive: usize,
    pub(super) dump: Option<Running>,
}

/// What a sender may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rights {
    /// Who it is, if that is known.
    pub(crate) caller: Option<Caller>,
    /// It has CAP_NET_ADMIN in the initial user namespace.
    pub(crate) admin: bool,
    /// It has CAP_NET_ADMIN in the user namespace that owns the network namespace.
    pub(crate) netns_admin: bool,
    /// It has CAP_SYS_ADMIN there.
    pub(crate) netns_sys_admin: bool,
}

impl Rights {
    #[cfg(feature = "testing")]
    pub(crate) const ALL: Self = Self {
        caller: None,
        admin: true,
        netns_admin: true,
        netns_sys_admin: true,
    };

    /// Whether it may what takes `permission`.
    pub(crate) fn suffice(self, permission: Permission) -> bool {
        match permission {
            Permission::Anyone => true,
            Permission::Admin => self.admin,
            Permission::NetnsAdmin => self.netns_admin,
            Permission::NetnsSysAdmin => self.netns_sys_admin,
        }
    }
}

impl Peer {
    /// One that wants what our clients want.
    pub(crate) fn new(port: u32, rights: Rights) -> Self {
        Self {
            port,
            rights,
            wants_extack: true,
            caps_ack: true,
            largest_receive: 0,
            dump: None,
        }
    }

    /// A dump was begun and has not ended.
    pub(crate) fn is_dumping(&self) -> bool {
        self.dump.is_some()
    }

    /// Lets a dump that was begun be none.
    #[cfg(feature = "testing")]
    pub(crate) fn forget_dump(&mut self) {
        self.dump = None;
    }
}

/// What the engine asks of a family, whatever its handler.
pub(crate) trait Served: Any + Send {
    fn family(&self) -> &'static Description;

    fn ways(&self) -> Vec<Way>;

    fn call(&mut self, row: usize, payload: Payload<'_>, op: &mut Op<'_>) -> Result<(), Refusal>;

    fn start(
        &mut self,
        row: usize,
        payload: Payload<'_>,
        op: &mut Op<'_>,
    ) -> Result<Stand, Refusal>;

    fn next(&mut self, stand: &mut Stand, op: &mut Op<'_>) -> Result<bool, Refusal>;
}

/// Where a dump stands: a [`Cursor`] of what serves it.
pub(super) type Stand = Box<dyn Any + Send>;

impl<S: Serve> Served for S {
    fn family(&self) -> &'static Description {
        const { &S::FAMILY }
    }

    fn ways(&self) -> Vec<Way> {
        S::ROWS.iter().map(Row::way).collect()
    }

    fn call(&mut self, row: usize, payload: Payload<'_>, op: &mut Op<'_>) -> Result<(), Refusal> {
        match &S::ROWS[row].call {
            Call::Do(serve) => serve(self, payload, op),
            Call::Dump(_) => Err(Refusal::unsupported()),
        }
    }

    fn start(
        &mut self,
        row: usize,
        payload: Payload<'_>,
        op: &mut Op<'_>,
    ) -> Result<Stand, Refusal> {
        match &S::ROWS[row].call {
            Call::Dump(start) => Ok(Box::new(start(self, payload, op)?)),
            Call::Do(_) => Err(Refusal::unsupported()),
        }
    }

    fn next(&mut self, stand: &mut Stand, op: &mut Op<'_>) -> Result<bool, Refusal> {
        match stand.downcast_mut::<Cursor<S>>() {
            Some(cursor) => (cursor.0)(self, op),
            None => Ok(false),
        }
    }
}

/// One way to call an operation: a row of a family's table, whatever serves it.
#[derive(Clone, Copy)]
pub(crate) struct Way {
    pub(crate) cmd: u8,
    pub(crate) permission: Permission,
    pub(crate) policy: Option<&'static Policy>,
    pub(crate) rules: Rules,
    pub(crate) liberal: bool,
    pub(crate) is_dump: bool,
}

impl<S> Row<S> {
    fn way(&self) -> Way {
        Way {
            cmd: self.cmd,
            permission: self.permission,
            policy: self.policy,
            rules: self.rules,
            liberal: self.liberal,
            is_dump: matches!(self.call, Call::Dump(_)),
        }
    }
}

/// A family that is registered.
pub(crate) struct Registered {
    pub(crate) numbers: Numbered,
    pub(crate) ways: Vec<Way>,
    pub(crate) served: Box<dyn Served>,
}

/// The families that are registered, and whatever is told of a call before it is served.
pub(crate) struct Engine {
    families: BTreeMap<u16, Registered>,
    next_id: u16,
    /// Families that come when they are asked for.
    #[cfg(feature = "testing")]
    pub(crate) modules: Modules,
    /// Calls that are to go wrong, though nothing is wrong with them.
    #[cfg(feature = "testing")]
    pub(crate) faults: Faults,
}

impl Engine {
    pub(crate) fn new() -> Self {
        Self {
            families: BTreeMap::new(),
            next_id: FIRST_ID,
            #[cfg(feature = "testing")]
            modules: Modules::default(),
            #[cfg(feature = "testing")]
            faults: Faults::default(),
        }
    }

    /// Gives other ids from now on than another engine has given, most likely.
    pub(super) fn begin_elsewhere(&mut self) {
        let ids = u32::from(LAST_ID - FIRST_ID) + 1;
        self.next_id = FIRST_ID + (first_seq() % ids) as u16;
    }

    /// Registers a family, and tells of it: `genl_register_family()`.
    ///
    /// # Errors
    ///
    /// If one of the name is there, or there are no more numbers: of groups only
    /// those up to `last_group` can be had.
    pub(crate) fn register(
        &mut self,
        served: Box<dyn Served>,
        last_group: u32,
        outbox: &mut dyn Outbox,
    ) -> io::Result<Numbered> {
        let family = served.family();
        if family.name == controller::FAMILY.name || self.by_name(family.name).is_some() {
            let why = format!("the family \"{}\" is registered already", family.name);
            return Err(io::Error::new(ErrorKind::AlreadyExists, why));
        }
        let full = |of: &str| {
            let why = format!("no {of} are left for the family \"{}\"", family.name);
            io::Error::new(ErrorKind::StorageFull, why)
        };
        let taken = |id: &u16| self.families.contains_key(id);
        let ids = (self.next_id..=LAST_ID).chain(FIRST_ID..self.next_id);
        let id = ids.into_iter().find(|id| !taken(id));
        let id = id.ok_or_else(|| full("ids"))?;
        let first_group = self.free_groups(family.groups.len() as u32, last_group);
        let first_group = first_group.ok_or_else(|| full("groups"))?;
        // As the kernel's, so that a family that comes back has another id.
        self.next_id = match id {
            LAST_ID => FIRST_ID,
            id => id + 1,
        };
        let numbers = Numbered {
            id,
            first_group,
            family,
        };
        let registered = Registered {
            numbers,
            ways: served.ways(),
            served,
        };
        controller::tell_new(&registered, outbox);
        self.families.insert(id, registered);
        Ok(numbers)
    }

    #[cfg(feature = "testing")]
    /// Unregisters a family, and tells of it.
    pub(crate) fn unregister(&mut self, id: u16, outbox: &mut dyn Outbox) -> Option<Registered> {
        let registered = self.families.remove(&id)?;
        controller::tell_gone(&registered, outbox);
        Some(registered)
    }

    pub(crate) fn families(&self) -> impl Iterator<Item = &Registered> {
        self.families.values()
    }

    pub(crate) fn by_id(&self, id: u16) -> Option<&Registered> {
        self.families.get(&id)
    }

    pub(crate) fn by_id_mut(&mut self, id: u16) -> Option<&mut Registered> {
        self.families.get_mut(&id)
    }

    pub(crate) fn by_name(&self, name: &str) -> Option<&Registered> {
        let mut families = self.families.values();
        families.find(|family| family.numbers.family.name == name)
    }

    /// The group of this number.
    pub(crate) fn group(&self, number: u32) -> Option<&'static Group> {
        let mut families = self.families.values();
        families.find_map(|registered| {
            let numbers = registered.numbers;
            let at = number.checked_sub(numbers.first_group)?;
            numbers.family.groups.get(at as usize)
        })
    }

    /// The number of a family's group, the controller's too.
    #[cfg(feature = "testing")]
    pub(crate) fn group_number(&self, family: &str, group: &str) -> Option<u32> {
        let numbers = match family == controller::FAMILY.name {
            true => controller::NUMBERS,
            false => self.by_name(family)?.numbers,
        };
        let mut groups = numbers.family.groups.iter();
        let at = groups.position(|known| known.name == group)?;
        Some(numbers.first_group + at as u32)
    }

    /// The first number of so many groups in a row.
    fn free_groups(&self, count: u32, last: u32) -> Option<u32> {
        let is_free =
            |number: u32| !RESERVED_GROUPS.contains(&number) && self.group(number).is_none();
        let fits = |first: &u32| (*first..*first + count).all(is_free);
        let mut firsts = 2..=(last + 1).saturating_sub(count);
        firsts.find(fits)
    }

    /// Serves all messages of a datagram: `netlink_rcv_skb()`. Gives what is left of it behind them.
    pub(crate) fn receive<'d>(
        &mut self,
        peer: &mut Peer,
        datagram: &'d [u8],
        outbox: &mut dyn Outbox,
    ) -> &'d [u8] {
        let mut rest = datagram;
        while let Ok(head) = Head::read(rest) {
            let message = &rest[..head.len];
            let mut extack = Extack::default();
            let is_request = head.flags & libc::NLM_F_REQUEST as u16 != 0;
            let is_control = i32::from(head.kind) < libc::NLMSG_MIN_TYPE;
            let served = match is_request && !is_control {
                true => self.serve(peer, &head, message, outbox, &mut extack),
                false => Ok(Outcome::Done),
            };
            let errno = match served {
                Ok(Outcome::Dumping) => None,
                Ok(Outcome::Done) => {
                    let wants = head.flags & libc::NLM_F_ACK as u16 != 0;
                    wants.then_some(0)
                }
                Err(errno) => Some(errno),
            };
            if let Some(errno) = errno {
                acknowledge(peer, &head, message, errno, &extack, outbox);
            }
            rest = &rest[align(head.len).min(rest.len())..];
        }
        rest
    }

    /// `genl_rcv_msg()`
    fn serve(
        &mut self,
        peer: &mut Peer,
        head: &Head,
        message: &[u8],
        outbox: &mut dyn Outbox,
        extack: &mut Extack,
    ) -> Result<Outcome, i32> {
        let (numbers, ways) = match self.families.get(&head.kind) {
            Some(registered) => (registered.numbers, &registered.ways[..]),
            None if head.kind == CONTROLLER => (controller::NUMBERS, &controller::WAYS[..]),
            None => return Err(libc::ENOENT),
        };
        let family = numbers.family;
        if message.len() < ATTRS_OFFSET + family.header {
            return Err(libc::EINVAL);
        }
        let cmd = message[NLMSG_HDRLEN];
        if cmd >= family.resv_start_op {
            check_header(head, message, extack)?;
        }
        let dump = libc::NLM_F_DUMP as u16;
        let is_dump = head.flags & dump == dump;
        let is_meant = |way: &Way| way.cmd == cmd && way.is_dump == is_dump;
        let at = ways.iter().position(is_meant).ok_or(libc::EOPNOTSUPP)?;
        let way = ways[at];
        if !peer.rights.suffice(way.permission) {
            return Err(libc::EPERM);
        }
        if is_dump && peer.dump.as_ref().is_some_and(|dump| !dump.gives_way) {
            return Err(libc::EBUSY);
        }
        let payload = Payload::new(&message[ATTRS_OFFSET..], ATTRS_OFFSET);
        let is_controllers = head.kind == CONTROLLER;
        validate(&way, family.header, payload, extack, is_controllers)?;
        #[cfg(feature = "testing")]
        self.faults.hit(family.name, &way)?;
        let mut op = Op {
            family: numbers,
            head: *head,
            port: peer.port,
            caller: peer.rights.caller,
            payload,
            outbox,
            extack: std::mem::take(extack),
            revision: None,
            item: None,
        };
        let outcome = match (is_dump, is_controllers) {
            (false, true) => {
                #[cfg(feature = "testing")]
                if let Some(name) = controller::wanted(payload.attrs()) {
                    self.load(name, op.outbox);
                }
                controller::serve(self, payload, &mut op).map(|()| Outcome::Done)
            }
            (false, false) => match self.families.get_mut(&head.kind) {
                Some(registered) => {
                    let served = registered.served.call(at, payload, &mut op);
                    served.map(|()| Outcome::Done)
                }
                None => Err(Refusal::new(libc::ENOENT)),
            },
            (true, _) => begin(self, peer, at, message, &mut op).map(|()| Outcome::Dumping),
        };
        *extack = op.extack;
        match outcome {
            Ok(Outcome::Done) => Ok(Outcome::Done),
            Ok(Outcome::Dumping) => {
                #[cfg(feature = "testing")]
                if self.faults.interrupt(family.name, &way) {
                    peer.interrupt_dump();
                }
                let chunk = self.chunk(peer, outbox);
                if let Some(bytes) = chunk {
                    self.send_chunk(peer, bytes, outbox);
                }
                Ok(Outcome::Dumping)
            }
            Err(refusal) => Err(refusal.merge_into(extack)),
        }
    }
}

/// What came of a request that was not refused.
enum Outcome {
    Done,
    /// A dump has begun, which ends otherwise than with an ACK.
    Dumping,
}

/// `genl_header_check()`
fn check_header(head: &Head, message: &[u8], extack: &mut Extack) -> Checked {
    const RESERVED: std::ops::Range<usize> = NLMSG_HDRLEN + 2..NLMSG_HDRLEN + GENL_HDRLEN;
    if message[RESERVED] != [0, 0] {
        extack.say("genlmsghdr.reserved field is not 0");
        return Err(libc::EINVAL);
    }
    let dump = libc::NLM_F_DUMP as u16;
    let flags = match head.flags & dump == dump {
        true => head.flags & !dump,
        false => head.flags,
    };
    let known = (libc::NLM_F_REQUEST | libc::NLM_F_ACK | libc::NLM_F_ECHO) as u16;
    if flags & !known != 0 {
        extack.say("ambiguous or reserved bits set in nlmsg_flags");
        return Err(libc::EINVAL);
    }
    Ok(())
}

/// `genl_family_rcv_msg_attrs_parse()`, and what generated code checks of the kernel half.
fn validate(
    way: &Way,
    header: usize,
    payload: Payload<'_>,
    extack: &mut Extack,
    is_controllers: bool,
) -> Checked {
    let (_, attrs) = payload.split_at(header);
    let mut validator = Validator {
        strictness: match way.liberal {
            true => Strictness::Liberal,
            false => Strictness::Strict,
        },
        extack,
    };
    validator.attrs(attrs, way.policy.unwrap_or(&Policy::NONE))?;
    match is_controllers {
        true => Ok(()),
        false => check::request(attrs, &way.rules, extack),
    }
}

/// `netlink_ack()`
pub(super) fn acknowledge(
    peer: &Peer,
    head: &Head,
    message: &[u8],
    errno: i32,
    extack: &Extack,
    outbox: &mut dyn Outbox,
) {
    let repeats = errno != 0 && !peer.caps_ack;
    let mut body = (-errno).to_ne_bytes().to_vec();
    match repeats {
        true => {
            body.extend(message);
            body.resize(align(body.len()), 0);
        }
        false => body.extend(&message[..NLMSG_HDRLEN]),
    }
    let mut flags = match repeats {
        true => 0,
        false => NLM_F_CAPPED,
    };
    if peer.wants_extack {
        flags |= tlvs(extack, errno, &mut body);
    }
    let answer = Head {
        len: 0,
        kind: libc::NLMSG_ERROR as u16,
        flags,
        seq: head.seq,
        port: peer.port,
    };
    // Who does not get it has to wait for it.
    let _ = outbox.push(To::Port(peer.port), answer.with_body(&body));
}

/// NLM_F_CAPPED, which says that the request is not repeated.
const NLM_F_CAPPED: u16 = 0x100;
/// NLM_F_ACK_TLVS, which says that attributes follow.
const NLM_F_ACK_TLVS: u16 = 0x200;

/// Writes an extended ACK behind `body`; gives the flags that tell of it.
pub(super) fn tlvs(extack: &Extack, errno: i32, body: &mut Vec<u8>) -> u16 {
    let before = body.len();
    let written = extack.write(errno, &mut Encoder::new(body));
    if written.is_err() {
        body.truncate(before);
    }
    match body.len() == before {
        true => 0,
        false => NLM_F_ACK_TLVS,
    }
}
