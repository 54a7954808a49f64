//! What a handler says is missing, clients hear by its name.

use genl_user::Options;
use genl_user::families::kvstore::server::{Handler, Served, Set as SetView, attr};
use genl_user::families::kvstore::{Client, Meta, Set, SetReplyOwned};
use genl_user::server::{Op, Refusal};
use genl_user::testing::Kernel;

/// Takes no entry without a value, and nothing beside a value without a label.
struct Strict;

impl Handler for Strict {
    fn set(&mut self, request: SetView<'_>, _op: &mut Op<'_>) -> Result<SetReplyOwned, Refusal> {
        let refusal = Refusal::new(libc::EINVAL);
        Err(match request.meta_attr() {
            Some(meta) => refusal.missing_in(meta, attr::meta::LABEL),
            None => refusal.missing(attr::entry::VALUE),
        })
    }
}

#[test]
fn what_is_missing_has_a_name() {
    let kernel = Kernel::new();
    let _served = kernel.register(Served(Strict)).expect("it is the first");
    let mut kv = Client::open_with(&Options::new().kernel(&kernel)).expect("it is registered");
    let bare = Set {
        key: "key",
        value: None,
        flags: None,
        meta: None,
    };
    let unlabelled = Set {
        meta: Some(Meta {
            created_ns: None,
            hits: None,
            label: &[],
        }),
        ..bare
    };
    for (request, missing) in [(bare, "set.value"), (unlabelled, "set.meta.label")] {
        let error = kv.set(&request).expect_err("something is missing");
        let refused = error.refused().expect("it was refused");
        assert_eq!(refused.missing.as_deref(), Some(missing));
    }
}
