//! The client against the running kernel's controller, which any kernel has and anyone may ask.

use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

use genl_user::families::nlctrl::{
    AttrType, Client, Events, Getfamily, GetfamilyDump, GetfamilyReplyOwned, GetpolicyDump, Group,
    OpFlags,
};
use genl_user::wire::Misfit;
use genl_user::{Answer, Connection, Error, Family, Operation, Unspecified, Value};

/// GENL_ID_CTRL: the one family whose id is fixed.
const CONTROLLER_ID: u16 = 0x10;

fn by_name(name: &str) -> Getfamily<'_> {
    Getfamily {
        family_name: Some(name),
        ..Getfamily::default()
    }
}

#[test]
fn describes_a_family_by_name_and_by_id() {
    let mut client = Client::open().unwrap();
    assert_eq!(client.connection().family_id(), CONTROLLER_ID);

    let family = client.getfamily(&by_name("nlctrl")).unwrap();
    assert_eq!(family.family_name(), Some("nlctrl"));
    assert_eq!(family.family_id(), Some(CONTROLLER_ID));
    assert_eq!(family.version(), Some(2));
    let getfamily = family.ops().find(|op| op.id() == Some(3)).unwrap();
    let flags = getfamily.flags().unwrap();
    assert!(flags.contains(OpFlags::CMD_CAP_DO | OpFlags::CMD_CAP_DUMP));
    let group = family.mcast_groups().next().unwrap();
    assert_eq!(group.name(), Some("notify"));
    let by_name = family.to_owned();

    let request = Getfamily {
        family_id: Some(CONTROLLER_ID),
        ..Getfamily::default()
    };
    let family = client.getfamily(&request).unwrap();
    assert_eq!(family.to_owned(), by_name);
}

#[test]
fn several_replies_can_be_asked_for() {
    let mut client = Client::open().unwrap();
    let connection = client.connection();
    let request = by_name("nlctrl");
    let replies = connection.call_all::<GetfamilyReplyOwned>(&Client::GETFAMILY, &request);
    let replies: Vec<_> = replies.unwrap().owned().map(Result::unwrap).collect();
    assert_eq!(replies.len(), 1);
    assert_eq!(replies[0].family_id, Some(CONTROLLER_ID));

    let mut replies = connection
        .call_all::<GetfamilyReplyOwned>(&Client::GETFAMILY, &request)
        .unwrap();
    assert!(replies.next().unwrap().is_some());
    assert!(replies.next().unwrap().is_none());
    assert!(replies.next().unwrap().is_none());

    // What is left unread is not taken for the answer to the next request.
    let unread = connection.call_all::<GetfamilyReplyOwned>(&Client::GETFAMILY, &request);
    drop(unread.unwrap());
    let absent = by_name("no-such");
    let refused = connection.call_all::<GetfamilyReplyOwned>(&Client::GETFAMILY, &absent);
    assert_eq!(refused.unwrap_err().errno(), Some(libc::ENOENT));
    assert!(client.getfamily(&request).is_ok());
}

#[test]
fn a_dump_of_which_nothing_is_known_gives_its_bytes() {
    static GETFAMILY_DUMP: Operation = Operation {
        answer: Answer::Ack,
        ..Client::GETFAMILY_DUMP
    };
    let mut client = Client::open().unwrap();
    let connection = client.connection();
    let mut dump = connection
        .dump::<Unspecified>(&GETFAMILY_DUMP, &GetfamilyDump {})
        .unwrap();
    let mut names = Vec::new();
    while let Some(family) = dump.next().unwrap() {
        let mut attrs = family.attrs().map(Result::unwrap);
        let name = attrs.find(|attr| attr.kind() == 2).unwrap();
        names.push(name.str().unwrap().to_owned());
    }
    assert!(names.contains(&"nlctrl".to_owned()));
}

#[test]
fn names_the_family_that_is_not_there() {
    static ABSENT: Family = Family {
        name: "no-such-family",
        version: 1,
    };
    let error = Connection::open(&ABSENT).unwrap_err();
    assert!(matches!(&error, Error::UnknownFamily { name, .. } if name == "no-such-family"));
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
    // Nobody takes it for something that the family lacks.
    assert_eq!(error.errno(), None);
    assert!(error.to_string().contains("no-such-family"));
}

#[test]
fn a_refusal_says_errno_operation_and_family() {
    let mut client = Client::open().unwrap();
    let error = client.getfamily(&by_name("no-such")).unwrap_err();
    let refused = error.refused().unwrap();
    assert_eq!(
        (&*refused.family, &*refused.operation),
        ("nlctrl", "getfamily")
    );
    assert_eq!(error.errno(), Some(libc::ENOENT));
    assert_eq!(io::Error::from(error).kind(), io::ErrorKind::NotFound);
    // The socket is as good as before.
    client.getfamily(&by_name("nlctrl")).unwrap();
}

#[test]
fn a_refusal_names_the_attribute_and_its_policy() {
    let mut client = Client::open().unwrap();
    let error = client
        .getfamily(&by_name("a-name-of-more-than-15-bytes"))
        .unwrap_err();
    let refused = error.refused().unwrap();
    assert_eq!(refused.attribute.as_deref(), Some("getfamily.family-name"));
    assert!(refused.message.is_some());
    let policy = refused.policy.as_ref().unwrap();
    assert_eq!(policy.type_, Some(AttrType::NulString));
    assert_eq!(policy.max_length, Some(15));
    let name = Value::Text("a-name-of-more-than-15-bytes".into());
    assert_eq!(refused.value, Some(name));
    assert_eq!(
        error.to_string(),
        "nlctrl refused getfamily: Invalid argument: Attribute failed policy validation; at \
         getfamily.family-name, which is \"a-name-of-more-than-15-b\"… (28 bytes) and takes \
         nul-string, at most 15 bytes"
    );
}

#[test]
fn a_request_that_cannot_be_sent_is_refused_before() {
    let mut client = Client::open().unwrap();
    let error = client.getfamily(&by_name("nl\0ctrl")).unwrap_err();
    let Error::Unfit { path, misfit } = &error else {
        panic!("{error:?}");
    };
    assert_eq!(path, "getfamily.family-name");
    assert_eq!(*misfit, Misfit::InnerNul);
    client.getfamily(&by_name("nlctrl")).unwrap();
}

#[test]
fn dumps_all_families() {
    let mut client = Client::open().unwrap();
    let mut lent = Vec::new();
    let mut dump = client.getfamily_dump(&GetfamilyDump {}).unwrap();
    while let Some(family) = dump.next().unwrap() {
        lent.push(family.to_owned());
    }
    assert!(dump.next().unwrap().is_none());
    drop(dump);
    assert!(
        lent.iter()
            .any(|family| family.family_name.as_deref() == Some("nlctrl"))
    );

    let dump = client.getfamily_dump(&GetfamilyDump {}).unwrap();
    let owned: Vec<_> = dump.owned().collect::<Result<_, _>>().unwrap();
    assert_eq!(owned, lent);

    let dump = client.getfamily_dump(&GetfamilyDump {}).unwrap();
    assert_eq!(dump.consistent(3).unwrap(), lent);
}

#[test]
fn dumps_policies() {
    let mut client = Client::open().unwrap();
    let request = GetpolicyDump {
        family_name: Some("nlctrl"),
        ..GetpolicyDump::default()
    };
    let mut dump = client.getpolicy_dump(&request).unwrap();
    let (mut operations, mut names) = (0, 0);
    while let Some(item) = dump.next().unwrap() {
        assert_eq!(item.family_id(), Some(CONTROLLER_ID));
        operations += item.op_policy().count();
        for (_, attrs) in item.policy() {
            // CTRL_ATTR_FAMILY_NAME is attribute 2.
            let name = attrs.get(2).filter(|name| name.max_length() == Some(15));
            names += usize::from(name.is_some());
        }
    }
    assert!(operations > 0);
    assert!(names > 0);
}

#[test]
fn a_dump_that_is_refused_says_so_at_once() {
    let mut client = Client::open().unwrap();
    let request = GetpolicyDump {
        family_name: Some("no-such"),
        ..GetpolicyDump::default()
    };
    let error = client.getpolicy_dump(&request).unwrap_err();
    assert_eq!(error.errno(), Some(libc::ENOENT));
    let families = client.getfamily_dump(&GetfamilyDump {}).unwrap();
    assert!(families.owned().all(|family| family.is_ok()));
}

#[test]
fn a_dump_that_asks_for_too_little_is_refused() {
    let mut client = Client::open().unwrap();
    let error = client
        .getpolicy_dump(&GetpolicyDump::default())
        .unwrap_err();
    assert_eq!(error.errno(), Some(libc::EINVAL));
}

#[test]
fn an_abandoned_dump_does_no_harm() {
    let mut client = Client::open().unwrap();
    let request = GetpolicyDump {
        family_name: Some("ethtool"),
        ..GetpolicyDump::default()
    };
    for _ in 0..3 {
        // This one takes more than one chunk where the kernel has ethtool's family.
        match client.getpolicy_dump(&request) {
            Ok(mut dump) => assert!(dump.next().unwrap().is_some()),
            Err(error) => assert_eq!(error.errno(), Some(libc::ENOENT)),
        }
        let mut dump = client.getfamily_dump(&GetfamilyDump {}).unwrap();
        assert!(dump.next().unwrap().is_some());
        drop(dump);
        client.getfamily(&by_name("nlctrl")).unwrap();
    }
    // Forgotten, so not even its drop has read it: the next request does.
    std::mem::forget(client.getpolicy_dump(&request));
    std::mem::forget(client.getfamily_dump(&GetfamilyDump {}).unwrap());
    let mut dump = client.getfamily_dump(&GetfamilyDump {}).unwrap();
    assert!(dump.next().unwrap().is_some());
}

#[test]
fn listens_without_blocking_for_ever() {
    let mut events = Events::open(&[Group::Notify]).unwrap();
    events.set_queue_size(1 << 20).unwrap();
    assert_ne!(events.port(), 0);
    let event = events.next_timeout(Duration::from_millis(20)).unwrap();
    assert!(event.is_none());
    assert_eq!(events.as_fd().try_clone_to_owned().map(drop).ok(), Some(()));
}

#[test]
fn clients_have_ports_of_their_own() {
    let (mut one, mut other) = (Client::open().unwrap(), Client::open().unwrap());
    assert_ne!(one.connection().port(), other.connection().port());
    let threads = [one, other].map(|mut client| {
        std::thread::spawn(move || {
            for _ in 0..100 {
                client.getfamily(&by_name("nlctrl")).unwrap();
            }
        })
    });
    for thread in threads {
        thread.join().unwrap();
    }
}
