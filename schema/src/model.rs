//! The resolved family: plain immutable values that the emitters read.
//!
//! Every reference of the spec has become a typed index, every number is known, every check is
//! spelled out. `resolve` builds it and vouches for it; an emitter need not check anything again.

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
    /// `genl_family.resv_start_op`, from `x-resv-start-op`; 0 where the spec has none.
    pub resv_start_op: u8,
    /// Each do that has a reply sends either that reply, exactly one message, or an error: so a
    /// client need not ask for an ACK (`x-reply-or-error`).
    pub reply_or_error: bool,
    /// Constants, in the spec's order.
    pub consts: Vec<Const>,
    /// Enums and flags, in the spec's order.
    pub enums: Vec<Enum>,
    /// Attribute sets, in the spec's order.
    pub sets: Vec<AttrSet>,
    /// Each distinct message of the family once; the names are unique.
    pub messages: Vec<Message>,
    /// Operations that userspace can call, in the spec's order.
    pub ops: Vec<Op>,
    /// Notifications and events, in the spec's order.
    pub events: Vec<Event>,
    /// Multicast groups, in the order in which they are registered.
    pub groups: Vec<Group>,
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

/// A named constant.
#[derive(Debug, Clone, PartialEq)]
pub struct Const {
    /// Its name.
    pub name: Name,
    /// Its value.
    pub value: u64,
    /// The spec's own words; may be empty.
    pub doc: String,
}

/// A list of named values: one of them is meant (enum), or any of them together (flags).
#[derive(Debug, Clone, PartialEq)]
pub struct Enum {
    /// Its name.
    pub name: Name,
    /// Whether the definition is of type `flags`; then an entry's value is a bit's *number*.
    pub flags: bool,
    /// The entries, in the spec's order; names and values are unique.
    pub entries: Vec<Entry>,
    /// The spec's own words; may be empty.
    pub doc: String,
}

impl Enum {
    /// The values have gaps, so no range describes them.
    pub fn is_sparse(&self) -> bool {
        self.entries
            .windows(2)
            .any(|pair| pair[0].value.checked_add(1) != Some(pair[1].value))
    }

    /// All bits that the entries name, each entry's value taken as a bit's number.
    pub fn mask(&self) -> u64 {
        self.entries
            .iter()
            .fold(0, |mask, entry| mask | 1 << entry.value)
    }
}

/// One value of an enum, or one bit of flags.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its name.
    pub name: Name,
    /// The value; of flags the bit's number.
    pub value: u64,
    /// The spec's own words; may be empty.
    pub doc: String,
}

/// A space of attribute types.
#[derive(Debug, Clone, PartialEq)]
pub struct AttrSet {
    /// Its name.
    pub name: Name,
    /// The attributes, ascending by id; names and ids are unique.
    pub attrs: Vec<Attr>,
    /// The spec's own words; may be empty.
    pub doc: String,
}

impl AttrSet {
    /// The highest attribute type of the set; 0 if it has none.
    pub fn max_id(&self) -> u16 {
        self.attrs.last().map_or(0, |attr| attr.id)
    }

    /// The set's pad attribute, by which 64-bit values are aligned, if it has one.
    pub fn pad(&self) -> Option<&Attr> {
        self.attrs.iter().find(|attr| attr.kind == AttrKind::Pad)
    }
}

/// One attribute of a set.
#[derive(Debug, Clone, PartialEq)]
pub struct Attr {
    /// Its name.
    pub name: Name,
    /// `nla_type`.
    pub id: u16,
    /// May stand in a message more than once.
    pub multi: bool,
    /// What it holds.
    pub kind: AttrKind,
    /// The spec's own words; may be empty.
    pub doc: String,
}

/// What an attribute holds.
#[derive(Debug, Clone, PartialEq)]
pub enum AttrKind {
    /// Nothing; aligns what follows. Never a field of a message.
    Pad,
    /// Nothing; the number is taken. Never a field of a message.
    Unused,
    /// Nothing; there or not.
    Flag,
    /// An integer.
    Int(Int),
    /// A text that ends in NUL.
    String(Len),
    /// Bytes.
    Binary(Len),
    /// Attributes of another set.
    Nest(SetId),
    /// A nest whose members, numbered from 1 by convention, are each a nest of this set.
    IndexedArray(SetId),
    /// Nests within nests whose *types* are values: one level for each name, the last of them
    /// with attributes of the set inside.
    NestTypeValue(Vec<Name>, SetId),
}

/// An integer attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct Int {
    /// Width and sign.
    pub kind: IntKind,
    /// Network byte order; never so for [`IntKind::Uint`] and [`IntKind::Sint`].
    pub big_endian: bool,
    /// The enum that names its values, if any.
    pub names: Option<EnumUse>,
    /// The values that are allowed, both ends included; from `checks` or from the enum.
    pub range: Option<(i128, i128)>,
    /// The bits that are allowed; from `checks` or from the flags.
    pub mask: Option<u64>,
}

/// How an integer uses an enum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EnumUse {
    /// The enum.
    pub id: EnumId,
    /// The integer is a set of bits: the definition is of type flags, or `enum-as-flags` is said.
    pub as_flags: bool,
}

/// Width and sign of an integer.
#[expect(missing_docs, reason = "the names say it: sign and bits")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntKind {
    U8,
    U16,
    U32,
    U64,
    S8,
    S16,
    S32,
    S64,
    /// Unsigned, on the wire 32 bits where they suffice, else 64 (NLA_UINT).
    Uint,
    /// Signed, on the wire 32 bits where they suffice, else 64 (NLA_SINT).
    Sint,
}

impl IntKind {
    /// The Rust type of the value: `u64` for `uint`.
    pub fn rust(self) -> &'static str {
        match self {
            Self::U8 => "u8",
            Self::U16 => "u16",
            Self::U32 => "u32",
            Self::U64 | Self::Uint => "u64",
            Self::S8 => "i8",
            Self::S16 => "i16",
            Self::S32 => "i32",
            Self::S64 | Self::Sint => "i64",
        }
    }

    /// Values may be negative.
    pub fn signed(self) -> bool {
        matches!(
            self,
            Self::S8 | Self::S16 | Self::S32 | Self::S64 | Self::Sint
        )
    }

    /// The values that the type can hold, both ends included.
    pub fn limits(self) -> (i128, i128) {
        let bits = match self {
            Self::U8 | Self::S8 => 8,
            Self::U16 | Self::S16 => 16,
            Self::U32 | Self::S32 => 32,
            Self::U64 | Self::S64 | Self::Uint | Self::Sint => 64,
        };
        match self.signed() {
            true => (-(1 << (bits - 1)), (1 << (bits - 1)) - 1),
            false => (0, (1 << bits) - 1),
        }
    }
}

/// The lengths that are allowed, in bytes, both ends included; of a string without its NUL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Len {
    /// At least so many.
    pub min: u16,
    /// At most so many, where the spec says.
    pub max: Option<u16>,
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
}
