//! The specs that ship, against numbers read off the kernel and off YNL's rules by hand.

use genl_schema::compile;
use genl_schema::model::{
    Attr, AttrKind, ByteOrder, Family, IntKind, Len, Permission, Protocol, Text,
};

fn family(name: &str) -> Family {
    let file = format!("{}/families/{name}.yaml", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&file).unwrap();
    compile(&file, &text).unwrap_or_else(|report| panic!("{report}"))
}

fn attr<'f>(family: &'f Family, set: &str, attr: &str) -> &'f Attr {
    let set = family.sets.iter().find(|it| it.name.as_str() == set);
    let attrs = &set.unwrap().attrs;
    attrs.iter().find(|it| it.name.as_str() == attr).unwrap()
}

/// Name, request's number, do's and dump's reply numbers.
type Numbers<'f> = (&'f str, u8, Option<u8>, Option<u8>);

fn ops(family: &Family) -> Vec<Numbers<'_>> {
    let ops = family.ops.iter();
    ops.map(|op| {
        let reply = |call: &Option<genl_schema::model::Call>| {
            let call = call.as_ref()?;
            call.reply.map(|reply| reply.cmd)
        };
        (op.name.as_str(), op.cmd, reply(&op.do_), reply(&op.dump))
    })
    .collect()
}

fn events(family: &Family) -> Vec<(&str, u8, &str)> {
    let events = family.events.iter();
    events
        .map(|event| {
            let message = family[event.message].name.as_str();
            (event.name.as_str(), event.cmd, message)
        })
        .collect()
}

fn messages(family: &Family) -> Vec<&str> {
    let messages = family.messages.iter();
    messages.map(|message| message.name.as_str()).collect()
}

/// The attribute names of a message, the required ones with a `!`.
fn fields(family: &Family, message: &str) -> Vec<String> {
    let message = family
        .messages
        .iter()
        .find(|it| it.name.as_str() == message)
        .unwrap();
    let names = message.fields.iter().map(|field| {
        let mark = if field.required { "!" } else { "" };
        format!("{}{mark}", family.attr(message, field).name)
    });
    names.collect()
}

#[test]
fn kvstore() {
    let family = family("kvstore");
    assert_eq!(family.protocol, Protocol::Genetlink);
    assert_eq!((family.version, family.resv_start_op), (1, 0));
    assert!(family.reply_or_error);
    assert_eq!(
        ops(&family),
        [
            ("get", 1, Some(1), Some(1)),
            ("set", 2, Some(2), None),
            ("del", 3, Some(3), None),
            ("stats", 4, Some(4), None),
            ("clear", 5, None, None),
        ]
    );
    assert_eq!(
        events(&family),
        [("set-ntf", 6, "get-reply"), ("del-ntf", 7, "del-ntf")]
    );
    assert_eq!(
        messages(&family),
        [
            "get",
            "get-reply",
            "get-dump",
            "set",
            "set-reply",
            "del",
            "del-reply",
            "stats",
            "stats-reply",
            "clear",
            "del-ntf",
        ]
    );
    assert_eq!(fields(&family, "get"), ["key!"]);
    assert_eq!(fields(&family, "set"), ["key!", "value", "flags", "meta"]);
    assert_eq!(fields(&family, "clear"), [""; 0]);
    let permissions: Vec<_> = family.ops.iter().map(|op| op.permission).collect();
    use Permission::{Anyone, NetnsAdmin};
    assert_eq!(
        permissions,
        [Anyone, NetnsAdmin, NetnsAdmin, Anyone, NetnsAdmin]
    );

    let key = attr(&family, "entry", "key");
    let len = Len {
        min: 1,
        max: Some(64),
    };
    assert_eq!(
        (key.id, &key.kind),
        (
            1,
            &AttrKind::String(Text {
                len,
                unterminated_ok: false
            })
        )
    );
    let AttrKind::Int(flags) = &attr(&family, "entry", "flags").kind else {
        panic!("flags is an integer");
    };
    assert_eq!((flags.mask, flags.range), (Some(0b11), None));
    assert!(flags.names.unwrap().as_flags);
    assert_eq!(attr(&family, "entry", "pad").id, 7);
    let label = attr(&family, "meta", "label");
    assert!(label.multi);
}

#[test]
fn nltest() {
    let family = family("nltest");
    assert_eq!(
        ops(&family),
        [
            ("hello", 1, Some(1), None),
            ("echo", 2, Some(2), None),
            ("unicast", 3, None, None),
            ("broadcast", 4, None, None),
            ("repeat", 6, Some(6), None),
            ("sleep", 7, None, None),
            ("count", 8, None, Some(8)),
            ("remark", 9, None, None),
        ]
    );
    assert!(family.export_events);
    assert_eq!(events(&family), [("message", 5, "message")]);
    let int = |name| match &attr(&family, "echo", name).kind {
        AttrKind::Int(int) => int.clone(),
        other => panic!("{name} is {other:?}"),
    };
    assert_eq!(int("s8").kind, IntKind::S8);
    assert_eq!(int("uint").kind, IntKind::Uint);
    assert_eq!(int("be32").order, ByteOrder::Big);
    assert_eq!(int("u32").order, ByteOrder::Host);
    assert_eq!(int("enum").range, Some((0, 2)));
    let AttrKind::Int(portid) = &attr(&family, "message", "portid").kind else {
        panic!("portid is an integer");
    };
    assert_eq!(portid.range, Some((1, 0xffff_ffff)));
}

/// The numbers are those of enum `CTRL_CMD_*` and `CTRL_ATTR_*` (linux/genetlink.h).
#[test]
fn nlctrl() {
    let family = family("nlctrl");
    assert_eq!(family.protocol, Protocol::GenetlinkLegacy);
    assert_eq!(
        ops(&family),
        [
            ("getfamily", 3, Some(1), Some(1)),
            ("getpolicy", 10, None, Some(10)),
        ]
    );
    assert_eq!(
        events(&family),
        [
            ("newfamily", 1, "getfamily-reply"),
            ("delfamily", 2, "getfamily-reply"),
            ("newmcast-grp", 7, "newmcast-grp"),
            ("delmcast-grp", 8, "delmcast-grp"),
        ]
    );
    for (name, id) in [
        ("family-id", 1),
        ("mcast-groups", 7),
        ("policy", 8),
        ("op", 10),
    ] {
        assert_eq!(attr(&family, "ctrl", name).id, id, "{name}");
    }
    assert_eq!(attr(&family, "policy", "mask").id, 12);
    let AttrKind::TypeValue(levels, inner) = &attr(&family, "ctrl", "policy").kind else {
        panic!("policy nests by value");
    };
    let levels: Vec<_> = levels.iter().map(|name| name.as_str()).collect();
    assert_eq!(levels, ["policy-id", "attr-id"]);
    let set = inner.inside().expect("a set is inside");
    assert_eq!(family[set].name.as_str(), "policy");
}
