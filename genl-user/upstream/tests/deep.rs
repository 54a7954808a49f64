//! Nests within nests, as deep as they are read, need no more stack than is promised: in
//! flows of Open vSwitch, whose views are the largest that nest themselves.

use std::fmt::Debug;
use std::thread;

use genl_upstream::ovs_flow::GetReplyOwned;
use genl_user::Message;
use genl_user::wire::{Defect, Encoder, FromPayload, Malformed, Payload};

/// What is promised: half of what the standard library gives a thread.
const STACK: usize = 1 << 20;

/// As deep as the deepest flow that the kernel can send; here all of its views are the largest one.
const DEEPEST: usize = 36;

/// OVS_FLOW_ATTR_ACTIONS and OVS_ACTION_ATTR_CLONE.
const ACTIONS: u16 = 2;
const CLONE: u16 = 20;

/// Where the content of a message begins: behind nlmsghdr and genlmsghdr; and the family's header.
const CONTENT: usize = 20;
const HEADER: [u8; 4] = [0; 4];

#[test]
fn the_deepest_flow_is_read_printed_and_copied_with_little_stack() {
    with_little_stack(|| {
        let bytes = flow(DEEPEST);
        let view = read(&bytes).expect("the kernel can send it");
        assert_eq!(clones(&view), DEEPEST - 1);
        let copy = GetReplyOwned::from_view(&view);
        let mut levels = 0;
        let mut actions = copy.actions.as_ref().and_then(|it| it.clone_.as_deref());
        while let Some(inner) = actions {
            levels += 1;
            actions = inner.clone_.as_deref();
        }
        assert_eq!(levels, DEEPEST - 1);
        assert_eq!(copy.clone(), copy);
        assert_eq!(clones(&copy), DEEPEST - 1);
    });
}

#[test]
fn a_deeper_one_is_refused_with_little_stack() {
    with_little_stack(|| {
        for nests in [DEEPEST + 1, 10_000] {
            let malformed = read(&flow(nests)).map(|_| ()).expect_err("it is too deep");
            assert_eq!(malformed.defect, Defect::TooDeep);
        }
    });
}

/// How many clones are printed.
fn clones(flow: &impl Debug) -> usize {
    format!("{flow:?}").matches("clone_: Some").count()
}

fn with_little_stack(test: impl FnOnce() + Send + 'static) {
    let thread = thread::Builder::new().stack_size(STACK).spawn(test);
    thread.expect("a thread").join().expect("no fault");
}

fn read(bytes: &[u8]) -> Result<<GetReplyOwned as Message>::View<'_>, Malformed> {
    <GetReplyOwned as Message>::View::from_payload(Payload::new(bytes, CONTENT))
}

/// A flow whose actions are that many nests within each other.
fn flow(nests: usize) -> Vec<u8> {
    let actions = (1..=nests).fold(Vec::new(), |inner, nest| {
        let kind = if nest == nests { ACTIONS } else { CLONE };
        let mut outer = Vec::new();
        let mut out = Encoder::new(&mut outer);
        out.bytes(kind, &inner).expect("it has room");
        outer
    });
    [&HEADER[..], &actions].concat()
}
