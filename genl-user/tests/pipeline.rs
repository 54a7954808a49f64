//! Several calls at once, against the controller.

use std::time::Duration;

use genl_user::families::nlctrl::{Client, Getfamily};
use genl_user::{Error, Flags, Options};

const NLCTRL: Getfamily<'_> = Getfamily {
    family_id: Some(16),
    family_name: None,
};
const ABSENT: Getfamily<'_> = Getfamily {
    family_id: Some(9),
    family_name: None,
};

#[test]
fn each_call_has_its_own_answer() {
    let mut client = Client::open().unwrap();
    let mut batch = client.pipeline();
    let by_id = batch.getfamily(&NLCTRL).unwrap();
    let absent = batch.getfamily(&ABSENT).unwrap();
    let by_name = Getfamily {
        family_name: Some("nlctrl"),
        ..Getfamily::default()
    };
    let by_name = batch.getfamily(&by_name).unwrap();
    let acked = batch.with_flags(Flags::ACK).getfamily(&NLCTRL).unwrap();
    let answers = batch.send().unwrap();

    // In any order, several at a time, and more than once.
    let last = answers.take(acked).unwrap();
    let (first, third) = (answers.take(by_id).unwrap(), answers.take(by_name).unwrap());
    for family in [last, first, third, answers.take(by_id).unwrap()] {
        assert_eq!(family.family_name(), Some("nlctrl"));
    }
    for _ in 0..2 {
        let error = answers.take(absent).unwrap_err();
        assert_eq!(error.errno(), Some(libc::ENOENT));
        assert_eq!(error.refused().unwrap().operation, "getfamily");
    }
    // And the connection goes on.
    client.getfamily(&NLCTRL).unwrap();
}

#[test]
fn a_long_one_is_sent_in_pieces_that_the_queue_can_hold() {
    let options = Options::new().queue_size(64 << 10);
    let mut client = Client::open_with(&options).unwrap();
    for count in [1, 2, 63, 1000] {
        let mut batch = client.pipeline();
        let tickets: Vec<_> = (0..count)
            .map(|number| {
                let request = if number % 10 == 3 { ABSENT } else { NLCTRL };
                batch.getfamily(&request).unwrap()
            })
            .collect();
        let answers = batch.send().unwrap();
        for (number, ticket) in tickets.into_iter().enumerate() {
            let answer = answers.take(ticket);
            match number % 10 {
                3 => assert_eq!(answer.unwrap_err().errno(), Some(libc::ENOENT)),
                _ => assert_eq!(answer.unwrap().family_id(), Some(16), "{number}"),
            }
        }
    }
}

#[test]
fn an_empty_one_is_nothing() {
    let mut client = Client::open().unwrap();
    client.pipeline().send().unwrap();
    client.getfamily(&NLCTRL).unwrap();
}

#[test]
fn a_request_that_cannot_be_written_leaves_the_others() {
    let mut client = Client::open().unwrap();
    let mut batch = client.pipeline();
    let first = batch.getfamily(&NLCTRL).unwrap();
    let unfit = Getfamily {
        family_name: Some("nl\0ctrl"),
        ..Getfamily::default()
    };
    assert!(matches!(batch.getfamily(&unfit), Err(Error::Unfit { .. })));
    let both = Flags::REPLACE | Flags::EXCL;
    let dump = batch.with_flags(both).getfamily(&NLCTRL);
    assert!(matches!(dump, Err(Error::DumpFlags { .. })), "{dump:?}");
    let second = batch.getfamily(&NLCTRL).unwrap();
    let answers = batch.send().unwrap();
    assert!(answers.take(first).is_ok() && answers.take(second).is_ok());
}

#[test]
fn a_ticket_is_for_its_own_pipeline() {
    let mut client = Client::open().unwrap();
    let mut batch = client.pipeline();
    let old = batch.getfamily(&NLCTRL).unwrap();
    drop(batch);
    let mut batch = client.pipeline();
    let new = batch.getfamily(&NLCTRL).unwrap();
    let answers = batch.send().unwrap();
    assert!(matches!(answers.take(old), Err(Error::Unexpected { .. })));
    assert!(answers.take(new).is_ok());
}

#[test]
fn a_ticket_of_another_connection_is_none() {
    let (mut one, mut two) = (Client::open().unwrap(), Client::open().unwrap());
    let mut batch = one.pipeline();
    let other = batch.getfamily(&NLCTRL).unwrap();
    batch.send().unwrap();
    let mut batch = two.pipeline();
    let own = batch.getfamily(&NLCTRL).unwrap();
    let answers = batch.send().unwrap();
    assert_eq!(
        answers.take(other).map(drop).unwrap_err().to_string(),
        "a pipeline was answered by nothing for this ticket, which is of another pipeline"
    );
    assert!(answers.take(own).is_ok());
}

#[test]
fn it_comes_after_an_abandoned_dump() {
    use genl_user::families::nlctrl::GetfamilyDump;
    let mut client = Client::open().unwrap();
    let mut dump = client.getfamily_dump(&GetfamilyDump {}).unwrap();
    dump.next().unwrap().unwrap();
    // Not dropped, so nobody reads what is left of it.
    std::mem::forget(dump);
    let mut batch = client.pipeline();
    let ticket = batch.getfamily(&NLCTRL).unwrap();
    let answers = batch.send().unwrap();
    assert_eq!(answers.take(ticket).unwrap().family_id(), Some(16));
}

#[test]
fn it_has_a_deadline() {
    let mut client = Client::open().unwrap();
    let mut batch = client.within(Duration::from_secs(5)).pipeline();
    let ticket = batch.getfamily(&NLCTRL).unwrap();
    assert!(batch.send().unwrap().take(ticket).is_ok());
}

#[test]
fn flags_are_for_one_call() {
    let mut client = Client::open().unwrap();
    let both = Flags::REPLACE | Flags::EXCL;
    let refused = client.with_flags(both).getfamily(&NLCTRL).map(drop);
    assert!(matches!(refused, Err(Error::DumpFlags { .. })));
    client.getfamily(&NLCTRL).unwrap();
    // With an ACK behind the reply, which is not in the way of the next call.
    for _ in 0..3 {
        let family = client.with_flags(Flags::ACK).getfamily(&NLCTRL).unwrap();
        assert_eq!(family.family_id(), Some(16));
        assert!(client.connection().warning().is_none());
    }
}

#[test]
fn flags_of_calls_that_are_not_made_are_not_those_of_others() {
    let mut client = Client::open().unwrap();
    // With them it would be a dump.
    let both = Flags::REPLACE | Flags::EXCL;
    let goes_on = |client: &mut Client| {
        assert_eq!(client.getfamily(&NLCTRL).unwrap().family_id(), Some(16));
    };
    // Of a pipeline that is not sent.
    drop(client.with_flags(both).pipeline());
    goes_on(&mut client);
    let _ = client.pipeline().with_flags(both);
    goes_on(&mut client);
    // Of one that is sent without another call.
    let mut batch = client.pipeline();
    let _ = batch.with_flags(both);
    batch.send().unwrap();
    goes_on(&mut client);
    // Of one, they are the first call's.
    let mut batch = client.with_flags(both).pipeline();
    let first = batch.getfamily(&NLCTRL);
    assert!(matches!(first, Err(Error::DumpFlags { .. })), "{first:?}");
    let second = batch.getfamily(&NLCTRL).unwrap();
    assert!(batch.send().unwrap().take(second).is_ok());
}

#[cfg(feature = "tokio")]
#[tokio::test]
async fn tasks_have_pipelines_too() {
    use genl_user::families::nlctrl::AsyncClient;
    let mut client = AsyncClient::open().await.unwrap();
    let mut batch = client.pipeline();
    let tickets: Vec<_> = (0..100)
        .map(|_| batch.getfamily(&NLCTRL).unwrap())
        .collect();
    let absent = batch.getfamily(&ABSENT).unwrap();
    let answers = batch.send().await.unwrap();
    for ticket in tickets {
        assert_eq!(answers.take(ticket).unwrap().family_id(), Some(16));
    }
    assert_eq!(
        answers.take(absent).unwrap_err().errno(),
        Some(libc::ENOENT)
    );
}

#[test]
fn what_waits_for_answers_can_be_shown() {
    use genl_user::families::nlctrl::GetfamilyDump;
    let mut client = Client::open().unwrap();
    let shown = format!("{:?}", client.pipeline());
    assert!(shown.contains("calls: 0"), "{shown}");
    let items = client.getfamily_dump(&GetfamilyDump {}).unwrap().owned();
    let shown = format!("{items:?}");
    assert!(shown.contains("ended: false"), "{shown}");
}
