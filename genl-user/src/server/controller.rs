//! The controller, "nlctrl": tells which families there are, what they take, and of their coming and
//! going (`net/netlink/genetlink.c`).

use super::engine::{CONTROLLER, Engine, Registered, Stand, Way};
use super::extack::Refusal;
use super::op::{Numbered, Op, Outbox, To, send_event};
use super::{Description, Group, Permission};
use crate::policy::tell::tell_rule;
use crate::policy::{Kind, Policy, Rule, Rules};
use crate::wire::{Attrs, Encoder, Payload, Unfit};

/// `enum { CTRL_CMD_… }`
mod cmd {
    pub(super) const NEWFAMILY: u8 = 1;
    #[cfg(feature = "testing")]
    pub(super) const DELFAMILY: u8 = 2;
    pub(super) const GETFAMILY: u8 = 3;
    pub(super) const NEWMCAST_GRP: u8 = 7;
    #[cfg(feature = "testing")]
    pub(super) const DELMCAST_GRP: u8 = 8;
    pub(super) const GETPOLICY: u8 = 10;
}

/// `enum { CTRL_ATTR_… }`, and those of the nests.
mod attr {
    pub(super) const FAMILY_ID: u16 = 1;
    pub(super) const FAMILY_NAME: u16 = 2;
    pub(super) const VERSION: u16 = 3;
    pub(super) const HDRSIZE: u16 = 4;
    pub(super) const MAXATTR: u16 = 5;
    pub(super) const OPS: u16 = 6;
    pub(super) const MCAST_GROUPS: u16 = 7;
    pub(super) const POLICY: u16 = 8;
    pub(super) const OP_POLICY: u16 = 9;
    pub(super) const OP: u16 = 10;

    pub(super) const OP_ID: u16 = 1;
    pub(super) const OP_FLAGS: u16 = 2;
    pub(super) const GRP_NAME: u16 = 1;
    pub(super) const GRP_ID: u16 = 2;
    pub(super) const POLICY_DO: u16 = 1;
    pub(super) const POLICY_DUMP: u16 = 2;
}

/// GENL_ADMIN_PERM and so on.
mod flag {
    pub(super) const ADMIN_PERM: u32 = 1;
    pub(super) const CAP_DO: u32 = 2;
    pub(super) const CAP_DUMP: u32 = 4;
    pub(super) const HAS_POLICY: u32 = 8;
    pub(super) const NETNS_ADMIN_PERM: u32 = 16;
}

pub(super) static FAMILY: Description = Description {
    name: "nlctrl",
    version: 2,
    header: 0,
    resv_start_op: cmd::GETPOLICY + 1,
    groups: &[Group {
        name: "notify",
        permission: Permission::Anyone,
    }],
};

pub(super) const NUMBERS: Numbered = Numbered {
    id: CONTROLLER,
    first_group: CONTROLLER as u32,
    family: &FAMILY,
};

/// `ctrl_policy_family`
static BY_FAMILY: Policy = Policy::new(
    attr::FAMILY_NAME,
    &[
        (attr::FAMILY_ID, Rule::u16(&[])),
        (attr::FAMILY_NAME, Rule::string(0, Some(15))),
    ],
);

/// `ctrl_policy_policy`
static BY_OPERATION: Policy = Policy::new(
    attr::OP,
    &[
        (attr::FAMILY_ID, Rule::u16(&[])),
        (attr::FAMILY_NAME, Rule::string(0, Some(15))),
        (attr::OP, Rule::u32(&[])),
    ],
);

/// Of an operation that takes nothing: `genl_policy_reject_all`.
static NOTHING: Policy = Policy::NONE;

pub(super) static WAYS: [Way; 3] = [
    Way {
        liberal: true,
        ..way(cmd::GETFAMILY, &BY_FAMILY, false)
    },
    way(cmd::GETFAMILY, &BY_FAMILY, true),
    way(cmd::GETPOLICY, &BY_OPERATION, true),
];

const fn way(cmd: u8, policy: &'static Policy, is_dump: bool) -> Way {
    Way {
        cmd,
        permission: Permission::Anyone,
        policy: Some(policy),
        rules: Rules::NONE,
        liberal: false,
        is_dump,
    }
}

/// A family as it is told of.
#[derive(Clone, Copy)]
struct Known<'e> {
    numbers: Numbered,
    ways: &'e [Way],
}

impl<'e> From<&'e Registered> for Known<'e> {
    fn from(registered: &'e Registered) -> Self {
        Self {
            numbers: registered.numbers,
            ways: &registered.ways,
        }
    }
}

const ITSELF: Known<'static> = Known {
    numbers: NUMBERS,
    ways: &WAYS,
};

/// All families, by their numbers.
fn all(engine: &Engine) -> impl Iterator<Item = Known<'_>> {
    [ITSELF]
        .into_iter()
        .chain(engine.families().map(Known::from))
}

/// The family that a request is about, by the attribute that tells its number, or its name.
fn by_id<'e>(engine: &'e Engine, attrs: Attrs<'_>) -> Option<Result<Known<'e>, Refusal>> {
    let id = attrs.all(attr::FAMILY_ID).last()?.payload().first_chunk();
    let id = id.map(|id| u16::from_ne_bytes(*id));
    let found = all(engine).find(|family| Some(family.numbers.id) == id);
    Some(found.ok_or_else(|| Refusal::new(libc::ENOENT)))
}

fn by_name<'e>(engine: &'e Engine, attrs: Attrs<'_>) -> Option<Result<Known<'e>, Refusal>> {
    let name = wanted(attrs)?;
    let found = all(engine).find(|family| family.numbers.family.name.as_bytes() == name);
    Some(found.ok_or_else(|| Refusal::new(libc::ENOENT)))
}

/// The name of the family that a request is about, if it tells one.
pub(super) fn wanted<'a>(attrs: Attrs<'a>) -> Option<&'a [u8]> {
    let name = attrs.all(attr::FAMILY_NAME).last()?.payload();
    name.split(|&byte| byte == 0).next()
}

/// `ctrl_getfamily()`
pub(super) fn serve(engine: &Engine, payload: Payload<'_>, op: &mut Op<'_>) -> Result<(), Refusal> {
    let attrs = payload.attrs();
    let by_id = by_id(engine, attrs);
    let family = by_name(engine, attrs).or(by_id);
    let family = family.unwrap_or_else(|| Err(Refusal::new(libc::EINVAL)))?;
    let to = (op.port, op.head.seq);
    let bytes = NUMBERS.message(to, 0, cmd::NEWFAMILY, |out| fill(out, family))?;
    op.answer(bytes)
}

/// What is left to tell.
type Items = std::vec::IntoIter<Vec<u8>>;

/// Begins a dump; all that it tells is built at once, as nothing of it takes long.
pub(super) fn start(engine: &Engine, way: usize, op: &Op<'_>) -> Result<Stand, Refusal> {
    let to = (op.port, op.head.seq);
    let items = match WAYS[way].cmd {
        cmd::GETPOLICY => policies(engine, op.payload.attrs(), to)?,
        _ => {
            let families =
                all(engine).map(|family| item(to, cmd::NEWFAMILY, |out| fill(out, family)));
            families.collect::<Result<Vec<_>, _>>()?
        }
    };
    Ok(Box::new(items.into_iter()))
}

/// The next item of a dump.
pub(super) fn next(stand: &mut Stand, op: &mut Op<'_>) -> Result<bool, Refusal> {
    op.item = stand.downcast_mut().and_then(Items::next);
    Ok(op.item.is_some())
}

fn item(
    to: (u32, u32),
    cmd: u8,
    fill: impl FnOnce(&mut Encoder<'_>) -> Result<(), Unfit>,
) -> Result<Vec<u8>, Unfit> {
    NUMBERS.message(to, libc::NLM_F_MULTI as u16, cmd, fill)
}

/// `ctrl_fill_info()`
fn fill(out: &mut Encoder<'_>, known: Known<'_>) -> Result<(), Unfit> {
    let family = known.numbers.family;
    out.str(attr::FAMILY_NAME, family.name)?;
    out.u16(attr::FAMILY_ID, known.numbers.id);
    out.u32(attr::VERSION, family.version.into());
    out.u32(attr::HDRSIZE, family.header as u32);
    // The kernel knows it of families of the old form alone.
    out.u32(attr::MAXATTR, 0);
    if !known.ways.is_empty() {
        out.nest_unmarked(attr::OPS, |out| {
            (1..)
                .zip(operations(known.ways))
                .try_for_each(|(at, (cmd, ways))| {
                    out.nest_unmarked(at, |out| {
                        out.u32(attr::OP_ID, cmd.into());
                        out.u32(attr::OP_FLAGS, ways.iter().fold(flag::HAS_POLICY, flags));
                        Ok(())
                    })
                })
        })?;
    }
    if family.groups.is_empty() {
        return Ok(());
    }
    let numbers = known.numbers.first_group..;
    out.nest_unmarked(attr::MCAST_GROUPS, |out| {
        let groups = (1..).zip(numbers.zip(family.groups));
        groups
            .into_iter()
            .try_for_each(|(at, (number, group))| fill_group(out, at, number, group))
    })
}

fn fill_group(out: &mut Encoder<'_>, at: u16, number: u32, group: &Group) -> Result<(), Unfit> {
    out.nest_unmarked(at, |out| {
        out.u32(attr::GRP_ID, number);
        out.str(attr::GRP_NAME, group.name)
    })
}

fn flags(flags: u32, way: &Way) -> u32 {
    let how = match way.is_dump {
        true => flag::CAP_DUMP,
        false => flag::CAP_DO,
    };
    let who = match way.permission {
        Permission::Anyone => 0,
        Permission::Admin => flag::ADMIN_PERM,
        // No operation can ask for CAP_SYS_ADMIN.
        Permission::NetnsAdmin | Permission::NetnsSysAdmin => flag::NETNS_ADMIN_PERM,
    };
    flags | how | who
}

/// Each command, with the ways to call it.
fn operations(ways: &[Way]) -> impl Iterator<Item = (u8, &[Way])> {
    ways.chunk_by(|one, next| one.cmd == next.cmd)
        .map(|ways| (ways[0].cmd, ways))
}

/// What a dump of policies tells: which of them each operation has, and then all of their rules.
fn policies(engine: &Engine, attrs: Attrs<'_>, to: (u32, u32)) -> Result<Vec<Vec<u8>>, Refusal> {
    let family = by_id(engine, attrs).or_else(|| by_name(engine, attrs));
    let family = family.unwrap_or_else(|| Err(Refusal::new(libc::EINVAL)))?;
    let wanted = attrs.all(attr::OP).last();
    let number = wanted.and_then(|attr| attr.u32().ok());
    let operations: Vec<_> = operations(family.ways)
        .filter(|(cmd, _)| number.is_none_or(|number| u32::from(*cmd) == number))
        .collect();
    if operations.is_empty() {
        return Err(match wanted {
            Some(attr) => Refusal::new(libc::ENOENT).at(attr),
            None => Refusal::new(libc::ENODATA),
        });
    }
    let mut table = Table(Vec::new());
    for way in operations.iter().flat_map(|(_, ways)| *ways) {
        table.add(of(way));
    }
    let id = family.numbers.id;
    let mut items = Vec::new();
    for (cmd, ways) in operations {
        items.push(item(to, cmd::GETPOLICY, |out| {
            out.u16(attr::FAMILY_ID, id);
            out.nest(attr::OP_POLICY, |out| {
                out.nest(cmd.into(), |out| {
                    for way in ways {
                        let number = match way.is_dump {
                            true => attr::POLICY_DUMP,
                            false => attr::POLICY_DO,
                        };
                        out.u32(number, table.place(of(way)).unwrap_or_default());
                    }
                    Ok(())
                })
            })
        })?);
    }
    for (at, policy) in (0..).zip(&table.0) {
        for (number, rule) in policy.all() {
            let mut told = false;
            let bytes = item(to, cmd::GETPOLICY, |out| {
                out.u16(attr::FAMILY_ID, id);
                out.nest(attr::POLICY, |out| {
                    out.nest(at, |out| {
                        told = tell_rule(out, *number, &rule.nla(), |policy| table.place(policy))?;
                        Ok(())
                    })
                })
            })?;
            if told {
                items.push(bytes);
            }
        }
    }
    Ok(items)
}

/// The policy that the kernel gives a way to call an operation.
fn of(way: &Way) -> &'static Policy {
    way.policy.unwrap_or(&NOTHING)
}

/// Policies by number, each of them once.
struct Table(Vec<&'static Policy>);

impl Table {
    fn place(&self, policy: &'static Policy) -> Option<u32> {
        let at = self.0.iter().position(|one| *one == policy)?;
        Some(at as u32)
    }

    /// `netlink_policy_dump_add_policy()`
    fn add(&mut self, policy: &'static Policy) {
        self.add_one(policy);
        let mut at = 0;
        while let Some(policy) = self.0.get(at).copied() {
            for (_, rule) in policy.all() {
                if let Kind::Nest(inner) | Kind::Array(inner) = rule.kind {
                    self.add_one(inner);
                }
            }
            at += 1;
        }
    }

    fn add_one(&mut self, policy: &'static Policy) {
        if self.place(policy).is_none() {
            self.0.push(policy);
        }
    }
}

/// Tells that a family has come, and its groups.
pub(super) fn tell_new(family: &Registered, outbox: &mut dyn Outbox) {
    tell_family(cmd::NEWFAMILY, family, outbox);
    tell_groups(cmd::NEWMCAST_GRP, family, outbox);
}

#[cfg(feature = "testing")]
/// Tells that a family's groups have gone, and it as well.
pub(super) fn tell_gone(family: &Registered, outbox: &mut dyn Outbox) {
    tell_groups(cmd::DELMCAST_GRP, family, outbox);
    tell_family(cmd::DELFAMILY, family, outbox);
}

fn tell_family(cmd: u8, family: &Registered, outbox: &mut dyn Outbox) {
    tell(cmd, outbox, |out| fill(out, family.into()));
}

fn tell_groups(cmd: u8, registered: &Registered, outbox: &mut dyn Outbox) {
    let Numbered {
        id,
        first_group,
        family,
    } = registered.numbers;
    for (number, group) in (first_group..).zip(family.groups) {
        tell(cmd, outbox, |out| {
            out.str(attr::FAMILY_NAME, family.name)?;
            out.u16(attr::FAMILY_ID, id);
            out.nest_unmarked(attr::MCAST_GROUPS, |out| fill_group(out, 1, number, group))
        });
    }
}

/// Tells the group "notify" something; nothing if it is too long, as the kernel does.
fn tell(
    cmd: u8,
    outbox: &mut dyn Outbox,
    fill: impl FnOnce(&mut Encoder<'_>) -> Result<(), Unfit>,
) {
    if let Ok(bytes) = NUMBERS.message((0, 0), 0, cmd, fill) {
        let number = NUMBERS.first_group;
        let _ = send_event(outbox, To::Group { number, but: None }, bytes);
    }
}
