//! A resolved family as a flat list of facts, of the same keys and values as `numbers.py` prints.

use std::collections::BTreeMap;

use genl_schema::model::{
    Attr, AttrKind, ByteOrder, Call, ConstValue, DisplayHint, Enum, EnumUse, Event, Family, Holds,
    Int, Len, Member, MemberKind, Message, MessageId, Op, Protocol, Struct,
};
use genl_schema::name::Name;
use serde_json::{Value, json};

/// Facts by their keys. What is not said has no entry.
pub(crate) type Facts = BTreeMap<String, Value>;

/// All facts of a family.
pub(crate) fn of(family: &Family) -> Facts {
    let mut facts = List(Facts::new());
    facts.say("family", "name", family.name.as_str());
    facts.say("family", "version", family.version);
    facts.say("family", "protocol", protocol(family.protocol));
    let groups: Vec<_> = family
        .groups
        .iter()
        .map(|group| group.name.as_str())
        .collect();
    facts.0.insert("groups".to_owned(), json!(groups));
    for definition in &family.consts {
        let value = match &definition.value {
            ConstValue::Int(value) => number(*value),
            ConstValue::Text(text) => json!(text),
        };
        facts.0.insert(format!("const/{}", definition.name), value);
    }
    for definition in &family.enums {
        facts.enumeration(definition);
    }
    for definition in &family.structs {
        facts.structure(family, definition);
    }
    for set in &family.sets {
        let key = format!("set/{}", set.name);
        facts.maybe(
            &key,
            "subset-of",
            set.subset_of.map(|of| family[of].name.as_str()),
        );
        for attr in &set.attrs {
            facts.attr(
                family,
                &format!("attribute/{}/{}", set.name, attr.name),
                attr,
            );
        }
    }
    for op in &family.ops {
        facts.op(family, op);
    }
    for event in &family.events {
        facts.event(family, event);
    }
    for reserved in &family.reserved {
        facts.say(&format!("reserved/{}", reserved.name), "id", reserved.cmd);
    }
    facts.0
}

struct List(Facts);

impl List {
    fn say(&mut self, of: &str, what: &str, value: impl Into<Value>) {
        let before = self.0.insert(format!("{of}/{what}"), value.into());
        assert_eq!(before, None, "{of}/{what} is said twice");
    }

    fn maybe(&mut self, of: &str, what: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.say(of, what, value);
        }
    }

    fn enumeration(&mut self, definition: &Enum) {
        let key = format!("enum/{}", definition.name);
        self.say(
            &key,
            "type",
            if definition.flags { "flags" } else { "enum" },
        );
        for entry in &definition.entries {
            self.say(
                &format!("{key}/{}", entry.name),
                "value",
                number(entry.value),
            );
        }
    }

    fn structure(&mut self, family: &Family, definition: &Struct) {
        let key = format!("struct/{}", definition.name);
        self.say(&key, "size", definition.size);
        for member in &definition.members {
            self.member(family, &format!("{key}/{}", member.name), member);
        }
    }

    fn member(&mut self, family: &Family, key: &str, member: &Member) {
        self.say(key, "offset", member.offset);
        self.say(key, "size", member.size);
        self.maybe(key, "display-hint", member.hint.map(hint));
        match member.kind {
            MemberKind::Int { kind, order, names } => {
                self.say(key, "type", kind.name());
                self.maybe(key, "byte-order", byte_order(order));
                self.maybe(
                    key,
                    "enum",
                    names.map(|names| family[names.id].name.as_str()),
                );
            }
            MemberKind::Bytes => self.say(key, "type", "binary"),
            MemberKind::String => self.say(key, "type", "string"),
            MemberKind::Struct(id) => {
                self.say(key, "type", "binary");
                self.say(key, "struct", family[id].name.as_str());
            }
        }
    }

    fn attr(&mut self, family: &Family, key: &str, attr: &Attr) {
        self.say(key, "id", attr.id);
        self.say(key, "multi-attr", attr.multi);
        self.maybe(key, "display-hint", attr.hint.map(hint));
        self.kind(family, key, &attr.kind);
    }

    fn kind(&mut self, family: &Family, key: &str, kind: &AttrKind) {
        self.say(key, "type", kind_name(kind));
        match kind {
            AttrKind::Pad | AttrKind::Unused | AttrKind::Flag => {}
            AttrKind::Int(int) => {
                self.int(family, key, int);
                self.limits(family, key, int);
            }
            AttrKind::String(text) => self.len(key, text.len),
            AttrKind::Binary(binary) => {
                self.len(key, binary.len);
                match &binary.holds {
                    Holds::Bytes => {}
                    Holds::Struct(id) => self.say(key, "struct", family[*id].name.as_str()),
                    Holds::Array(int) => {
                        self.say(key, "sub-type", int.kind.name());
                        self.int(family, key, int);
                    }
                }
            }
            AttrKind::Bitfield32(bits) => {
                let names = bits.names.map(|id| EnumUse { id, as_flags: true });
                self.names(family, key, names);
            }
            AttrKind::Nest(set) => self.say(key, "nested-attributes", family[*set].name.as_str()),
            AttrKind::IndexedArray(element) => {
                self.say(key, "sub-type", kind_name(element));
                self.element(family, key, element);
            }
            AttrKind::TypeValue(levels, element) => {
                let levels: Vec<_> = levels.iter().map(Name::as_str).collect();
                self.say(key, "type-value", levels);
                self.element(family, key, element);
            }
        }
    }

    /// What stands inside, but for its type.
    fn element(&mut self, family: &Family, key: &str, kind: &AttrKind) {
        match kind {
            AttrKind::Nest(set) => self.say(key, "nested-attributes", family[*set].name.as_str()),
            AttrKind::Int(int) => self.int(family, key, int),
            _ => {}
        }
    }

    fn int(&mut self, family: &Family, key: &str, int: &Int) {
        self.maybe(key, "byte-order", byte_order(int.order));
        self.names(family, key, int.names);
    }

    fn limits(&mut self, family: &Family, key: &str, int: &Int) {
        if let Some(mask) = int.mask {
            self.say(key, "mask", mask);
            return;
        }
        let Some((least, most)) = int.range else {
            return;
        };
        match int.names {
            Some(names) if family[names.id].is_sparse() => self.say(key, "sparse", true),
            _ => {
                self.say(key, "min", number(least));
                self.say(key, "max", number(most));
            }
        }
    }

    fn len(&mut self, key: &str, len: Len) {
        if len.max == Some(len.min) {
            self.say(key, "exact-len", len.min);
            return;
        }
        self.maybe(key, "min-len", Some(len.min).filter(|min| *min > 0));
        self.maybe(key, "max-len", len.max);
    }

    fn names(&mut self, family: &Family, key: &str, names: Option<EnumUse>) {
        if let Some(names) = names {
            self.say(key, "enum", family[names.id].name.as_str());
            self.say(key, "as-flags", names.as_flags);
        }
    }

    fn op(&mut self, family: &Family, op: &Op) {
        let key = format!("operation/{}", op.name);
        self.say(&key, "request", op.cmd);
        self.say(&key, "attribute-set", family[op.set].name.as_str());
        let calls = [("do", &op.do_), ("dump", &op.dump)];
        let some_call = calls.iter().find_map(|(_, call)| call.as_ref());
        let header = some_call.and_then(|call| header(family, &family[call.request]));
        self.maybe(&key, "fixed-header", header);
        for (mode, call) in calls {
            if let Some(call) = call {
                self.call(family, &format!("{key}/{mode}"), call);
            }
        }
    }

    fn call(&mut self, family: &Family, key: &str, call: &Call) {
        self.say(
            &format!("{key}/request"),
            "attributes",
            attributes(family, call.request),
        );
        if let Some(reply) = call.reply {
            self.say(key, "reply", reply.cmd);
            self.say(
                &format!("{key}/reply"),
                "attributes",
                attributes(family, reply.message),
            );
        }
    }

    fn event(&mut self, family: &Family, event: &Event) {
        let key = format!("event/{}", event.name);
        self.say(&key, "id", event.cmd);
        self.say(&key, "attribute-set", family[event.set].name.as_str());
        self.maybe(&key, "fixed-header", header(family, &family[event.message]));
        self.maybe(
            &key,
            "group",
            event.group.map(|group| family[group].name.as_str()),
        );
        self.maybe(&key, "notify", event.repeats.as_ref().map(Name::as_str));
        if event.repeats.is_none() {
            self.say(&key, "attributes", attributes(family, event.message));
        }
    }
}

fn header<'f>(family: &'f Family, message: &Message) -> Option<&'f str> {
    message.header.map(|id| family[id].name.as_str())
}

/// The names of a message's attributes, in the order of the alphabet.
fn attributes(family: &Family, message: MessageId) -> Vec<&str> {
    let message = &family[message];
    let mut names: Vec<_> = message
        .fields
        .iter()
        .map(|field| family.attr(message, field).name.as_str())
        .collect();
    names.sort_unstable();
    names
}

/// JSON has no more than 64 bits; nothing in the model has more either.
fn number(value: i128) -> Value {
    match i64::try_from(value) {
        Ok(value) => json!(value),
        Err(_) => json!(u64::try_from(value).expect("a model's numbers have 64 bits")),
    }
}

fn protocol(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Genetlink => "genetlink",
        Protocol::GenetlinkC => "genetlink-c",
        Protocol::GenetlinkLegacy => "genetlink-legacy",
    }
}

fn kind_name(kind: &AttrKind) -> &'static str {
    match kind {
        AttrKind::Pad => "pad",
        AttrKind::Unused => "unused",
        AttrKind::Flag => "flag",
        AttrKind::Int(int) => int.kind.name(),
        AttrKind::String(_) => "string",
        AttrKind::Binary(_) => "binary",
        AttrKind::Bitfield32(_) => "bitfield32",
        AttrKind::Nest(_) => "nest",
        AttrKind::IndexedArray(_) => "indexed-array",
        AttrKind::TypeValue(..) => "nest-type-value",
    }
}

fn byte_order(order: ByteOrder) -> Option<&'static str> {
    match order {
        ByteOrder::Host => None,
        ByteOrder::Big => Some("big-endian"),
        ByteOrder::Little => Some("little-endian"),
    }
}

fn hint(hint: DisplayHint) -> &'static str {
    match hint {
        DisplayHint::Hex => "hex",
        DisplayHint::Mac => "mac",
        DisplayHint::Fddi => "fddi",
        DisplayHint::Ipv4 => "ipv4",
        DisplayHint::Ipv6 => "ipv6",
        DisplayHint::Ipv4OrV6 => "ipv4-or-v6",
        DisplayHint::Uuid => "uuid",
    }
}
