//! Each allocation that each operation makes fails once: calls, dumps, and the events they cause.

use genl_user::dynamic::genl_schema::model::Op;

use super::draft::Draft;
use super::random::Random;
use super::tally::Tally;
use super::{Plan, Stretch, datagram, valid};
use crate::faults::Faults;
use crate::guest::in_new_netns;

/// How many requests are made of each operation.
const REQUESTS: u64 = 3;

/// How many allocations of a request fail. Those of an answer of many messages are all alike.
const STRIKES: usize = 40;

#[test]
fn kvstore_changes_as_it_says() {
    starve("kvstore");
}

#[test]
fn nltest_answers() {
    starve("nltest");
}

#[test]
fn everything_answers() {
    starve("everything");
}

/// Strikes each way to call each operation.
fn starve(family: &str) {
    let plan = Plan::of(family);
    in_new_netns(|| {
        let Some(faults) = Faults::new() else { return };
        let mut stretch = Stretch::begin(&plan);
        // So that there is something to find.
        for number in 0..300 {
            let bytes = datagram::make(&plan.family, stretch.id, plan.seed, number);
            let sent = stretch.send(&bytes, &mut Tally::default());
            sent.unwrap_or_else(|wrong| panic!("{wrong}"));
        }
        let mut struck = 0;
        for (op, dumps) in plan
            .family
            .ops
            .iter()
            .flat_map(|op| [(op, false), (op, true)])
        {
            if valid::is_idle(op) {
                continue;
            }
            for number in 0..REQUESTS {
                let mut random = Random::new(plan.seed, number);
                let draft = valid::request(&plan.family, stretch.id, op, dumps, &mut random);
                let Some(draft) = draft else { continue };
                struck += strike(&mut stretch, &faults, op, draft);
                stretch
                    .compare()
                    .unwrap_or_else(|wrong| panic!("{wrong}, behind {}", op.name));
            }
        }
        println!("{family}: {struck} allocations have failed");
    });
}

/// Strikes all allocations of one request; gives their number.
fn strike(stretch: &mut Stretch<'_>, faults: &Faults, op: &Op, mut draft: Draft) -> usize {
    // Without an ACK nothing can be lost that tells whether it was accepted.
    draft.flags &= !(libc::NLM_F_ACK as u16);
    let mut bytes = Vec::new();
    draft.write(&mut bytes);
    let request = datagram::requests(&bytes).remove(0);
    let Stretch {
        port,
        listener,
        mirror,
        ..
    } = stretch;
    let mut outcomes = Vec::new();
    let count = faults.first(
        STRIKES,
        || (port.try_send(&bytes), port.drain_lossy()),
        |(sent, (answers, lost)), struck| {
            // Listeners are told that they have lost something, if they have.
            drop(listener.drain_lossy());
            let errno = answers.iter().find_map(|answer| answer.errno());
            let reply = answers.iter().find(|answer| answer.errno().is_none());
            outcomes.push(errno);
            if sent.is_err() || (lost.is_some() && reply.is_none()) {
                assert!(struck, "{} was lost", op.name);
                return;
            }
            if let Some(mirror) = mirror
                && !request.has(libc::NLM_F_DUMP)
            {
                mirror
                    .learn(&bytes, errno.unwrap_or(0), reply)
                    .unwrap_or_else(|wrong| panic!("{wrong}: {}", op.name));
            }
        },
    );
    assert!(count > 0, "{} allocates nothing?", op.name);
    if count == STRIKES {
        return count;
    }
    // What an error is that memory has nothing to do with, is seen in the last try, which had it all.
    let last = outcomes[outcomes.len() - 1];
    for errno in outcomes {
        let shortage = [Some(libc::ENOMEM), Some(libc::ENOBUFS), None, Some(0)];
        assert!(
            errno == last || shortage.contains(&errno) || mirror.is_some(),
            "{} fails with errno {errno:?}, else with {last:?}",
            op.name
        );
    }
    count
}
