//! The resolved family: plain immutable values that the emitters read.
//!
//! Every reference of the spec has become a typed index, every number is known, every check is
//! spelled out. `resolve` builds it and vouches for it; an emitter need not check anything again.

mod attrs;
mod c_header;
mod structs;

pub use attrs::{
    Attr, AttrKind, AttrSet, Binary, Bitfield32, ByteOrder, DisplayHint, EnumUse, Holds, Int,
    IntKind, Len, Text,
};
pub use c_header::{CDefinition, CFamily, CName, Scope};
pub use structs::{Member, MemberKind, Struct};

use crate::name::Name;

macro_rules! index {
    ($(#[$doc:meta])* $name:ident, $field:ident, $of:ty) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub(crate) usize);

        impl std::ops::Index<$name> for Family {
            type Output = $of;

            fn index(&self, at: $name) -> &$of {
                &self.$field[at.0]
            }
        }

        impl $name {
            /// Where in its list of the family the thing stands.
            pub fn get(self) -> usize {
                self.0
            }
        }
    };
}

index!(
    /// Which of [`Family::enums`].
    EnumId, enums, Enum
);
index!(
    /// Which of [`Family::sets`].
    SetId, sets, AttrSet
);
index!(
    /// Which of [`Family::structs`].
    StructId, structs, Struct
);
index!(
    /// Which of [`Family::messages`].
    MessageId, messages, Message
);
index!(
    /// Which of [`Family::groups`].
    GroupId, groups, Group
);

/// A generic netlink family, resolved.
#[derive(Debug, Clone, PartialEq)]
pub struct Family {
    /// The name it is registered by: at most 15 bytes.
    pub name: Name,
    /// Which of YNL's schemas the spec follows.
    pub protocol: Protocol,
    /// The spec's own words.
    pub doc: String,
    /// `genl_family.version`, and what a client puts into `genlmsghdr.version`.
    pub version: u8,
    /// `genl_family.resv_start_op`, from `x-resv-start-op`; where the spec has none 0, or of protocol
    /// `genetlink-legacy` the least by which the core takes every `dont-validate`.
    pub resv_start_op: u8,
    /// Each do that has a reply sends either that reply or an error: so a client need not ask for
    /// an ACK (`x-reply-or-error`).
    ///
    /// Of several messages that make up a reply, it reads the first.
    pub reply_or_error: bool,
    /// Other modules can send the family's events, from C (`x-export-events`).
    pub export_events: bool,
    /// Constants, in the spec's order.
    pub consts: Vec<Const>,
    /// Enums and flags, in the spec's order.
    pub enums: Vec<Enum>,
    /// C structs, in the spec's order.
    pub structs: Vec<Struct>,
    /// Attribute sets, in the spec's order.
    pub sets: Vec<AttrSet>,
    /// Each distinct message of the family once; the names are unique.
    pub messages: Vec<Message>,
    /// Operations that userspace can call, in the spec's order.
    pub ops: Vec<Op>,
    /// Notifications and events, in the spec's order.
    pub events: Vec<Event>,
    /// Operations that do nothing but take a number, in the spec's order.
    pub reserved: Vec<Reserved>,
    /// Multicast groups, in the order in which they are registered.
    pub groups: Vec<Group>,
    /// How requests and what comes back are numbered.
    pub numbering: Numbering,
    /// What concerns C kernel code alone.
    pub kernel: KernelSide,
    /// What the spec says of the family's uAPI header.
    pub c: CFamily,
}

impl Family {
    /// Every enum with its index.
    pub fn enums(&self) -> impl Iterator<Item = (EnumId, &Enum)> {
        self.enums
            .iter()
            .enumerate()
            .map(|(at, definition)| (EnumId(at), definition))
    }

    /// Every attribute set with its index.
    pub fn sets(&self) -> impl Iterator<Item = (SetId, &AttrSet)> {
        self.sets
            .iter()
            .enumerate()
            .map(|(at, set)| (SetId(at), set))
    }

    /// Every message with its index.
    pub fn messages(&self) -> impl Iterator<Item = (MessageId, &Message)> {
        self.messages
            .iter()
            .enumerate()
            .map(|(at, message)| (MessageId(at), message))
    }

    /// Every group with its index.
    pub fn groups(&self) -> impl Iterator<Item = (GroupId, &Group)> {
        self.groups
            .iter()
            .enumerate()
            .map(|(at, group)| (GroupId(at), group))
    }

    /// Every struct with its index.
    pub fn structs(&self) -> impl Iterator<Item = (StructId, &Struct)> {
        self.structs
            .iter()
            .enumerate()
            .map(|(at, definition)| (StructId(at), definition))
    }

    /// The attribute that a field of `message` names.
    pub fn attr(&self, message: &Message, field: &Field) -> &Attr {
        &self[message.set].attrs[field.attr]
    }
}

/// Which of YNL's schemas a spec follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// `genetlink`: for new families; both ends can be generated.
    Genetlink,
    /// `genetlink-c`: as genetlink, with names that C code fixed.
    GenetlinkC,
    /// `genetlink-legacy`: describes a family that the kernel already has; client only.
    GenetlinkLegacy,
}

/// How operations get their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Numbering {
    /// A request and what comes back share one row of numbers.
    Unified,
    /// Requests have a row of numbers, what comes back another.
    Directional,
}

/// What a spec says to those who write the kernel side in C; nothing on the wire depends on it.
#[derive(Debug, Clone, PartialEq)]
pub struct KernelSide {
    /// Which operations share a policy.
    pub policy: KernelPolicy,
    /// Headers that the kernel code includes.
    pub headers: Vec<String>,
    /// The C type of the state that each socket has with the family.
    pub sock_priv: Option<String>,
}

/// Which operations share a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KernelPolicy {
    /// None: each do and each dump has its own.
    Split,
    /// A do and the dump of the same operation.
    PerOp,
    /// All of the family.
    Global,
}

/// A named constant.
#[derive(Debug, Clone, PartialEq)]
pub struct Const {
    /// Its name.
    pub name: Name,
    /// Its value.
    pub value: ConstValue,
    /// The spec's own words; may be empty.
    pub doc: String,
    /// Its looks in a C header.
    pub c: CDefinition,
}

/// What a constant stands for.
#[derive(Debug, Clone, PartialEq)]
pub enum ConstValue {
    /// A number, from -2^63 to 2^64 - 1.
    Int(i128),
    /// A text.
    Text(String),
}

/// A list of named values: one of them is meant (enum), or any of them together (flags).
#[derive(Debug, Clone, PartialEq)]
pub struct Enum {
    /// Its name.
    pub name: Name,
    /// Whether the definition is of type `flags`; then an entry's value is a bit's *number*.
    pub flags: bool,
    /// The entries, in the spec's order; names and values are unique.
    ///
    /// An enum that a header defines may have none.
    pub entries: Vec<Entry>,
    /// The spec's own words; may be empty.
    pub doc: String,
    /// Its looks in a C header.
    pub c: CDefinition,
}

impl Enum {
    /// The values have gaps, so no range describes them.
    pub fn is_sparse(&self) -> bool {
        let values = || self.entries.iter().map(|entry| entry.value);
        let count = i128::try_from(self.entries.len()).ok();
        match values().min().zip(values().max()) {
            Some((least, greatest)) => Some(greatest - least + 1) != count,
            None => false,
        }
    }

    /// Some values are negative.
    pub fn is_signed(&self) -> bool {
        self.entries.iter().any(|entry| entry.value < 0)
    }

    /// All bits that the entries name, each entry's value taken as a bit's number.
    pub fn mask(&self) -> u64 {
        self.entries
            .iter()
            .filter(|entry| (0..64).contains(&entry.value))
            .fold(0, |mask, entry| mask | 1 << entry.value)
    }
}

/// One value of an enum, or one bit of flags.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its name.
    pub name: Name,
    /// The value, from -2^63 to 2^64 - 1; of flags the bit's number.
    pub value: i128,
    /// The spec's own words; may be empty.
    pub doc: String,
}

/// A message's content: which attributes of a set it can carry.
///
/// A dump's reply that equals the do's is the same message, and so is the notification that
/// repeats it; messages of different operations are different ones, however alike.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Unique among the family's messages: `get`, `get-dump` (requests), `get-reply`,
    /// `get-dump-reply` (only where it differs from the do's), `del-ntf` (events).
    pub name: Name,
    /// Who sends it.
    pub direction: Direction,
    /// The struct that stands between the generic netlink header and the attributes.
    pub header: Option<StructId>,
    /// The set that the attributes belong to.
    pub set: SetId,
    /// The attributes, ascending by id.
    pub fields: Vec<Field>,
}

/// Who sends a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Userspace to kernel.
    Request,
    /// Kernel to userspace: a reply, a dump's item, a notification or an event.
    FromKernel,
}

/// An attribute that a message can carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Where in its set's `attrs` the attribute stands; see [`Family::attr`].
    pub attr: usize,
    /// Must be there (`x-required`).
    pub required: bool,
}

/// An operation that userspace can call.
#[derive(Debug, Clone, PartialEq)]
pub struct Op {
    /// Its name.
    pub name: Name,
    /// `genlmsghdr.cmd` of the request.
    pub cmd: u8,
    /// Who may call it.
    pub permission: Permission,
    /// The single call, if there is one.
    pub do_: Option<Call>,
    /// The call that is answered by many messages, if there is one.
    pub dump: Option<Call>,
    /// The set that its attributes belong to.
    pub set: SetId,
    /// What the kernel does not validate.
    pub dont_validate: Vec<DontValidate>,
    /// The kernel has it only where this configuration option is set: `page-pool`.
    pub config_cond: Option<String>,
    /// The spec's own words.
    pub doc: String,
}

/// What the kernel does not validate of an operation's requests (`GENL_DONT_VALIDATE_*`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DontValidate {
    /// Strictly, of a do.
    Strict,
    /// At all, of a dump.
    Dump,
    /// Strictly, of a dump.
    DumpStrict,
}

/// An operation that does nothing but take a number.
#[derive(Debug, Clone, PartialEq)]
pub struct Reserved {
    /// Its name.
    pub name: Name,
    /// `genlmsghdr.cmd`.
    pub cmd: u8,
    /// The spec's own words.
    pub doc: String,
}

/// One way to call an operation.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// What is sent; a message without fields where the operation takes none.
    pub request: MessageId,
    /// What comes back; `None` where nothing but an ACK does.
    pub reply: Option<Reply>,
    /// The C function that the kernel calls before the handler; of a dump, at its start.
    pub pre: Option<String>,
    /// The C function that the kernel calls behind the handler; of a dump, at its end.
    pub post: Option<String>,
}

/// What comes back from an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reply {
    /// `genlmsghdr.cmd` of the reply.
    pub cmd: u8,
    /// The content.
    pub message: MessageId,
}

/// A message that the kernel sends of its own accord.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its name.
    pub name: Name,
    /// `genlmsghdr.cmd`.
    pub cmd: u8,
    /// The content.
    pub message: MessageId,
    /// The operation whose reply it repeats, if it is no event of its own.
    pub repeats: Option<Name>,
    /// The set that its attributes belong to.
    pub set: SetId,
    /// The group it is sent to; `None` where it is only ever sent to one port.
    pub group: Option<GroupId>,
    /// The spec's own words.
    pub doc: String,
}

/// A multicast group.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// Its name: at most 15 bytes.
    pub name: Name,
    /// Who may join it.
    pub permission: Permission,
    /// The macro for its name in a C header, where the spec gives one.
    pub c_define_name: Option<String>,
}

/// Who may call an operation, or join a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// Anyone.
    Anyone,
    /// Who has CAP_NET_ADMIN in the initial user namespace (`admin-perm`).
    Admin,
    /// Who has CAP_NET_ADMIN in the user namespace that owns the netns (`uns-admin-perm`).
    NetnsAdmin,
    /// Who has CAP_SYS_ADMIN there: of groups only (`x-cap: sys-admin`).
    NetnsSysAdmin,
}

impl Permission {
    /// The capability that it takes: `CAP_NET_ADMIN`.
    pub fn capability(self) -> Option<&'static str> {
        match self {
            Self::Anyone => None,
            Self::Admin | Self::NetnsAdmin => Some("CAP_NET_ADMIN"),
            Self::NetnsSysAdmin => Some("CAP_SYS_ADMIN"),
        }
    }
}
