//! Requests that the kernel refuses: each says what is wrong, and leaves the store as it was.

use genl_user::families::kvstore::{Client, Get, GetDump, Meta, Set, SetReplyOwned, Stats};
use genl_user::wire::Encoder;
use genl_user::{Operation, Refused};

use crate::guest::in_new_netns;
use crate::raw::{self, Raw, refusal};
use crate::{open, put, put_labels};

static GET: Operation = raw::operation("get", 1);
static SET: Operation = raw::operation("set", 2);
static STATS: Operation = raw::operation("stats", 4);
static CLEAR: Operation = raw::operation("clear", 5);
static NO_OPERATION: Operation = raw::operation("200", 200);
/// A notification's command is none that userspace can send.
static SET_NTF: Operation = raw::operation("set-ntf", 6);

const KEY: u16 = 1;
const REVISION: u16 = 3;
const FLAGS: u16 = 4;
const META: u16 = 5;
const PREFIX: u16 = 6;

/// Runs `test` in a namespace of its own, and checks that the store is still empty after it.
fn refused_and_unchanged(test: impl FnOnce() -> Refused + Send) -> Refused {
    in_new_netns(|| {
        let refused = test();
        let stats = open().stats(&Stats {}).expect("stats").to_owned();
        assert_eq!((stats.entries, stats.revision), (Some(0), Some(0)));
        refused
    })
}

#[track_caller]
fn assert_at(refused: &Refused, errno: i32, attribute: &str) {
    assert_eq!(refused.errno, errno, "{refused}");
    assert_eq!(refused.attribute.as_deref(), Some(attribute), "{refused}");
    assert!(refused.message.is_some(), "{refused}");
}

#[test]
fn a_missing_key() {
    for (operation, missing) in [(&GET, "get.key"), (&SET, "set.key")] {
        let refused = refused_and_unchanged(|| raw::refused(operation, |_| Ok(())));
        assert_eq!(refused.errno, libc::EINVAL);
        assert_eq!(refused.missing.as_deref(), Some(missing));
    }
}

#[test]
fn an_empty_key() {
    let refused = refused_and_unchanged(|| refusal(open().set(&Set::default())));
    assert_at(&refused, libc::ERANGE, "set.key");
    assert_eq!(refused.message.as_deref(), Some("string is too short"));
}

#[test]
fn a_key_that_is_too_long() {
    let key = "k".repeat(65);
    let refused = refused_and_unchanged(|| {
        refusal(open().set(&Set {
            key: &key,
            ..Set::default()
        }))
    });
    assert_at(&refused, libc::EINVAL, "set.key");
    let refused = refused_and_unchanged(|| refusal(open().get(&Get { key: &key })));
    assert_at(&refused, libc::EINVAL, "get.key");
    let refused =
        refused_and_unchanged(|| refusal(open().get_dump(&GetDump { prefix: Some(&key) })));
    assert_at(&refused, libc::EINVAL, "get.prefix");
}

#[test]
fn a_key_without_its_nul() {
    let refused = refused_and_unchanged(|| raw::refused(&SET, |out| out.bytes(KEY, b"key")));
    assert_at(&refused, libc::EINVAL, "set.key");
}

#[test]
fn a_value_that_is_too_long() {
    let set = Set {
        key: "a",
        value: Some(&[0; 4097]),
        ..Set::default()
    };
    let refused = refused_and_unchanged(|| refusal(open().set(&set)));
    assert_at(&refused, libc::ERANGE, "set.value");
    let policy = refused.policy.expect("the policy that is violated");
    assert_eq!(policy.max_length, Some(4096));
}

#[test]
fn an_integer_of_the_wrong_width() {
    let refused = refused_and_unchanged(|| {
        raw::refused(&SET, |out| {
            out.str(KEY, "a")?;
            out.u16(FLAGS, 1);
            Ok(())
        })
    });
    assert_at(&refused, libc::EINVAL, "set.flags");
}

#[test]
fn flags_without_a_name() {
    let refused = refused_and_unchanged(|| {
        raw::refused(&SET, |out| {
            out.str(KEY, "a")?;
            out.u32(FLAGS, 4);
            Ok(())
        })
    });
    assert_at(&refused, libc::EINVAL, "set.flags");
}

#[test]
fn an_attribute_that_the_family_does_not_have() {
    let refused = refused_and_unchanged(|| {
        raw::refused(&SET, |out| {
            out.str(KEY, "a")?;
            out.u32(77, 1);
            Ok(())
        })
    });
    assert_eq!(refused.errno, libc::EINVAL);
    assert_eq!(refused.attribute.as_deref(), Some("set.UnknownAttr(77)"));
}

#[test]
fn an_attribute_that_the_operation_does_not_take() {
    for kind in [REVISION, PREFIX] {
        let refused = refused_and_unchanged(|| {
            raw::refused(&SET, |out| {
                out.str(KEY, "a")?;
                match kind {
                    REVISION => out.u64(kind, 1),
                    _ => out.str(kind, "a")?,
                }
                Ok(())
            })
        });
        assert_eq!(refused.errno, libc::EINVAL, "{refused}");
        let name = if kind == REVISION {
            "set.revision"
        } else {
            "set.prefix"
        };
        assert_eq!(refused.attribute.as_deref(), Some(name));
    }
}

#[test]
fn attributes_of_operations_that_take_none() {
    for operation in [&STATS, &CLEAR] {
        let refused = refused_and_unchanged(|| raw::refused(operation, |out| out.str(KEY, "a")));
        assert_eq!(refused.errno, libc::EINVAL, "{refused}");
    }
}

#[test]
fn a_nest_that_is_none() {
    let refused = refused_and_unchanged(|| {
        raw::refused(&SET, |out| {
            out.str(KEY, "a")?;
            // Without NLA_F_NESTED.
            out.bytes(META, &[])
        })
    });
    assert_at(&refused, libc::EINVAL, "set.meta");
}

#[test]
fn rubbish_in_a_nest() {
    let refused = refused_and_unchanged(|| {
        raw::refused(&SET, |out| {
            out.str(KEY, "a")?;
            out.nest(META, |out| out.bytes(99, b"rubbish"))
        })
    });
    assert_eq!(refused.errno, libc::EINVAL);
    assert_eq!(
        refused.attribute.as_deref(),
        Some("set.meta.UnknownAttr(99)")
    );
}

#[test]
fn a_label_that_is_too_long() {
    let label = "l".repeat(65);
    let refused = refused_and_unchanged(|| refusal(put_labels(&mut open(), "a", &[&label])));
    assert_at(&refused, libc::EINVAL, "set.meta.label[0]");
}

#[test]
fn more_labels_than_allowed() {
    let refused = refused_and_unchanged(|| refusal(put_labels(&mut open(), "a", &["l"; 17])));
    assert_eq!(refused.errno, libc::E2BIG, "{refused}");
    assert_eq!(refused.attribute.as_deref(), Some("set.meta.label[16]"));
    assert!(refused.message.expect("a message").contains("label"));
}

#[test]
fn what_only_the_kernel_sets() {
    let by_hand = [
        (
            Meta {
                created_ns: Some(1),
                ..Meta::default()
            },
            "set.meta.created-ns",
        ),
        (
            Meta {
                hits: Some(1),
                ..Meta::default()
            },
            "set.meta.hits",
        ),
    ];
    for (meta, path) in by_hand {
        let set = Set {
            key: "a",
            meta: Some(meta),
            ..Set::default()
        };
        let refused = refused_and_unchanged(|| refusal(open().set(&set)));
        assert_at(&refused, libc::EINVAL, path);
    }
}

#[test]
fn commands_that_are_none() {
    for operation in [&NO_OPERATION, &SET_NTF] {
        let refused = refused_and_unchanged(|| raw::refused(operation, |_| Ok(())));
        assert_eq!(refused.errno, libc::EOPNOTSUPP);
    }
}

#[test]
fn the_last_of_two_counts() {
    in_new_netns(|| {
        let mut kv = open();
        let two = Raw(|out: &mut Encoder<'_>| {
            out.str(KEY, "first")?;
            out.str(KEY, "last")
        });
        let connection = kv.connection();
        let set = connection.call::<SetReplyOwned>(&Client::SET, &two);
        set.expect("accepted");
        assert_eq!(refusal(kv.get(&Get { key: "first" })).errno, libc::ENOENT);
        kv.get(&Get { key: "last" }).expect("it is there");
    });
}

#[test]
fn a_failed_replacement_leaves_the_entry() {
    in_new_netns(|| {
        let mut kv = open();
        put(&mut kv, "a", b"before");
        refusal(put_labels(&mut kv, "a", &["l"; 17]));
        let entry = kv.get(&Get { key: "a" }).expect("get");
        assert_eq!(entry.value(), Some(&b"before"[..]));
        assert_eq!(entry.revision(), Some(1));
    });
}
