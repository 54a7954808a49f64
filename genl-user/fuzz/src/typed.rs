//! The messages from the kernel that the generated clients read.

use std::fmt::Debug;

use genl_user::Message;
use genl_user::families::{kvstore, nlctrl, nltest};
use genl_user::wire::{FromPayload, Malformed, Payload};

use crate::families::{every_legacy, every_per_op, everything};

/// One of them.
pub struct Kind {
    /// Its family's name in its spec.
    pub family: &'static str,
    /// The generated owned type.
    pub owned: &'static str,
    /// Reads it, goes through all of it, and copies it.
    pub read: fn(Payload<'_>) -> Result<(), Malformed>,
}

macro_rules! kinds {
    ($($family:ident: $($owned:ident)*;)*) => {
        /// All of them.
        pub const KINDS: &[Kind] = &[$($(
            Kind {
                family: stringify!($family),
                owned: stringify!($owned),
                read: read::<$family::$owned>,
            },
        )*)*];
    };
}

kinds! {
    kvstore: GetReplyOwned SetReplyOwned DelReplyOwned StatsReplyOwned DelNtfOwned;
    nltest: HelloReplyOwned EchoReplyOwned RepeatReplyOwned CountDumpReplyOwned MessageOwned;
    nlctrl: GetfamilyReplyOwned GetpolicyDumpReplyOwned NewmcastGrpOwned DelmcastGrpOwned;
    everything: NumbersReplyOwned LimitsReplyOwned BytesReplyOwned LayoutsReplyOwned NestsReplyOwned
        TellReplyOwned TellDumpReplyOwned NeedReplyOwned HookedReplyOwned EmptyReplyOwned ToldOwned
        DirectOwned;
    every_legacy: LenientReplyOwned AllReplyOwned FewReplyOwned ToldOwned;
    every_per_op: GetReplyOwned GetDumpReplyOwned FindReplyOwned;
}

fn read<M: Message + Debug + Clone + PartialEq>(payload: Payload<'_>) -> Result<(), Malformed>
where
    for<'a> M::View<'a>: Debug,
{
    let view = M::View::from_payload(payload)?;
    // Each goes through all that is nested; nothing may be found that was not there to be checked.
    assert!(!format!("{view:?}").is_empty());
    let owned = M::from_view(&view);
    assert_eq!(owned, owned.clone());
    assert!(!format!("{owned:?}").is_empty());
    Ok(())
}
