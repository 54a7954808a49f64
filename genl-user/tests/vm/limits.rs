//! A store's limits: what goes over them is refused, and nothing is lost.

use genl_user::families::kvstore::{Clear, Del, MAX_BYTES, MAX_ENTRIES, MAX_VALUE_LEN, Set, Stats};

use crate::guest::in_new_netns;
use crate::raw::refusal;
use crate::{open, put};

#[test]
fn a_store_holds_so_many_entries() {
    in_new_netns(|| {
        let mut kv = open();
        for number in 0..MAX_ENTRIES {
            put(&mut kv, &format!("{number:06}"), b"");
        }
        let refused = refusal(kv.set(&Set {
            key: "one more",
            ..Set::default()
        }));
        assert_eq!(refused.errno, libc::ENOSPC);
        assert!(refused.message.expect("a message").contains("entries"));
        let stats = kv.stats(&Stats {}).expect("stats").to_owned();
        assert_eq!(stats.entries.map(u64::from), Some(MAX_ENTRIES));
        assert_eq!(stats.revision, Some(MAX_ENTRIES));
        // One that is there can still be replaced.
        put(&mut kv, "000000", b"new");
        kv.del(&Del { key: "000001" }).expect("del");
        put(&mut kv, "one more", b"");
        kv.clear(&Clear {}).expect("clear");
        assert_eq!(kv.stats(&Stats {}).expect("stats").entries(), Some(0));
    });
}

#[test]
fn a_store_holds_so_many_bytes() {
    in_new_netns(|| {
        let mut kv = open();
        let value = vec![0x5a; MAX_VALUE_LEN as usize];
        let count = MAX_BYTES / MAX_VALUE_LEN;
        for number in 0..count {
            put(&mut kv, &format!("{number:06}"), &value);
        }
        let refused = refusal(kv.set(&Set {
            key: "one more",
            value: Some(b"1"),
            ..Set::default()
        }));
        assert_eq!(refused.errno, libc::ENOSPC);
        assert!(refused.message.expect("a message").contains("bytes"));
        let stats = kv.stats(&Stats {}).expect("stats").to_owned();
        assert_eq!(
            (stats.bytes, stats.entries.map(u64::from)),
            (Some(MAX_BYTES), Some(count))
        );
        // Bytes are counted, not entries; and those that a replacement frees are free.
        put(&mut kv, "empty", b"");
        put(&mut kv, "000000", &value[1..]);
        put(&mut kv, "one more", b"1");
        refusal(kv.set(&Set {
            key: "empty",
            value: Some(b"1"),
            ..Set::default()
        }));
    });
}
