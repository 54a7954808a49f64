//! What nltest does: a hello, every type of attribute there and back, messages to ports and groups.

use std::time::Duration;

use genl_user::Warning;
use genl_user::families::nltest::{
    Broadcast, Client, Color, Echo, EchoReplyOwned, Event, Events, Group, Hello, Inner, InnerOwned,
    MAX_BLOB_LEN, MessageOwned, Remark, Unicast,
};

use crate::guest::in_new_netns;
use crate::options;
use crate::raw::refusal;

const SOON: Duration = Duration::from_secs(20);

fn open() -> Client {
    Client::open_with(&options()).expect("nltest is loaded")
}

fn next(events: &mut Events) -> MessageOwned {
    match events.next_timeout(SOON).expect("an event") {
        Some(Event::Message(message)) => message.to_owned(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn hello_greets_back() {
    in_new_netns(|| {
        let text = "good morning from \u{e4} test";
        let reply = open().hello(&Hello { text }).expect("hello").to_owned();
        assert!(reply.text.expect("a text").contains(text));
    });
}

#[test]
fn every_type_comes_back_unchanged() {
    in_new_netns(|| {
        let mut client = open();
        let text = "t".repeat(256);
        let blob: Vec<u8> = (0..MAX_BLOB_LEN).map(|byte| byte as u8).collect();
        let high = Echo {
            u8: Some(u8::MAX),
            u16: Some(u16::MAX),
            u32: Some(u32::MAX),
            u64: Some(u64::MAX),
            s8: Some(i8::MAX),
            s16: Some(i16::MAX),
            s32: Some(i32::MAX),
            s64: Some(i64::MAX),
            uint: Some(u64::MAX),
            sint: Some(i64::MAX),
            be16: Some(0x1234),
            be32: Some(0x1234_5678),
            string: Some(&text),
            binary: Some(&blob),
            flag: true,
            enum_: Some(Color::Blue),
            nest: Some(Inner {
                number: Some(7),
                text: Some("inner"),
            }),
            multi: &[1, 2, 3, 2, 1],
            range: Some(20),
        };
        let low = Echo {
            u8: Some(0),
            u16: Some(0),
            u32: Some(0),
            u64: Some(0),
            s8: Some(i8::MIN),
            s16: Some(i16::MIN),
            s32: Some(i32::MIN),
            s64: Some(i64::MIN),
            uint: Some(u64::from(u32::MAX)),
            sint: Some(i64::MIN),
            be16: Some(1),
            be32: Some(1),
            string: Some(""),
            binary: Some(b""),
            flag: false,
            enum_: Some(Color::Red),
            nest: Some(Inner::default()),
            multi: &[u32::MAX],
            range: Some(10),
        };
        // Where 32 bits end and 64 begin.
        let middle = Echo {
            uint: Some(u64::from(u32::MAX) + 1),
            sint: Some(i64::from(i32::MIN) - 1),
            ..Echo::default()
        };
        for echo in [high, low, middle, Echo::default()] {
            let reply = client.echo(&echo).expect("echo").to_owned();
            assert_eq!(reply, expected(&echo));
        }
    });
}

fn expected(echo: &Echo<'_>) -> EchoReplyOwned {
    EchoReplyOwned {
        u8: echo.u8,
        u16: echo.u16,
        u32: echo.u32,
        u64: echo.u64,
        s8: echo.s8,
        s16: echo.s16,
        s32: echo.s32,
        s64: echo.s64,
        uint: echo.uint,
        sint: echo.sint,
        be16: echo.be16,
        be32: echo.be32,
        string: echo.string.map(str::to_owned),
        binary: echo.binary.map(<[u8]>::to_vec),
        flag: echo.flag,
        enum_: echo.enum_,
        nest: echo.nest.map(|nest| InnerOwned {
            number: nest.number,
            text: nest.text.map(str::to_owned),
        }),
        multi: echo.multi.to_vec(),
        range: echo.range,
    }
}

#[test]
fn many_of_one_come_back_in_order() {
    in_new_netns(|| {
        let many: Vec<u32> = (0..2_000).collect();
        let reply = open()
            .echo(&Echo {
                multi: &many,
                ..Echo::default()
            })
            .expect("echo")
            .to_owned();
        assert_eq!(reply.multi, many);
    });
}

#[test]
fn what_is_out_of_range_is_refused_with_its_limits() {
    in_new_netns(|| {
        for range in [9, 21] {
            let refused = refusal(open().echo(&Echo {
                range: Some(range),
                ..Echo::default()
            }));
            assert_eq!(refused.errno, libc::ERANGE);
            assert_eq!(refused.attribute.as_deref(), Some("echo.range"));
            let policy = refused.policy.expect("the policy");
            assert_eq!(
                (policy.min_value_u, policy.max_value_u),
                (Some(10), Some(20))
            );
        }
        let unknown = Echo {
            enum_: Some(Color::Unknown(3)),
            ..Echo::default()
        };
        let refused = refusal(open().echo(&unknown));
        assert_eq!(
            (refused.errno, refused.attribute.as_deref()),
            (libc::ERANGE, Some("echo.enum"))
        );
        let long = "t".repeat(257);
        let nest = Some(Inner {
            text: Some(&long),
            ..Inner::default()
        });
        let refused = refusal(open().echo(&Echo {
            nest,
            ..Echo::default()
        }));
        assert_eq!(
            (refused.errno, refused.attribute.as_deref()),
            (libc::EINVAL, Some("echo.nest.text"))
        );
    });
}

#[test]
fn a_message_goes_to_one_port_alone() {
    in_new_netns(|| {
        let mut receiver = Events::open_with(&options(), &[]).expect("events");
        let mut bystander = Events::open_with(&options(), &[Group::Chat]).expect("events");
        let mut sender = open();
        let portid = receiver.port();
        sender
            .unicast(&Unicast {
                portid,
                text: "for you",
            })
            .expect("unicast");
        let message = next(&mut receiver);
        assert_eq!(message.text.as_deref(), Some("for you"));
        assert_eq!(message.portid, Some(sender.connection().port()));
        assert!(
            bystander
                .next_timeout(Duration::from_millis(200))
                .expect("quiet")
                .is_none()
        );
    });
}

#[test]
fn a_port_that_nobody_can_have_is_refused() {
    in_new_netns(|| {
        let refused = refusal(open().unicast(&Unicast {
            portid: 0,
            text: "kernel?",
        }));
        assert_eq!(
            (refused.errno, refused.attribute.as_deref()),
            (libc::ERANGE, Some("unicast.portid"))
        );
    });
}

#[test]
fn a_broadcast_goes_to_all_who_listen() {
    in_new_netns(|| {
        let mut listeners =
            [(); 3].map(|()| Events::open_with(&options(), &[Group::Chat]).expect("events"));
        let mut sender = open();
        sender
            .broadcast(&Broadcast {
                text: "for all",
                audience: None,
            })
            .expect("broadcast");
        for listener in &mut listeners {
            let message = next(listener);
            assert_eq!(message.text.as_deref(), Some("for all"));
            assert_eq!(message.portid, Some(sender.connection().port()));
        }
    });
}

#[test]
fn a_broadcast_that_nobody_hears_is_none_the_worse() {
    in_new_netns(|| {
        open()
            .broadcast(&Broadcast {
                text: "anybody?",
                audience: None,
            })
            .expect("broadcast")
    });
}

#[test]
fn what_the_kernel_minds_about_a_success_is_a_warning() {
    in_new_netns(|| {
        let mut client = open();
        let minded = |client: &mut Client| client.connection().warning().map(Warning::to_string);
        let remark = Remark {
            text: "mind the gap",
            cookie: Some(0x0102_0304_0506_0708),
            ..Remark::default()
        };
        client.remark(&remark).expect("it is no error");
        let warning = client.connection().warning().expect("a warning").clone();
        assert_eq!(warning.message, "remark: mind the gap");
        assert_eq!(
            warning.cookie.as_deref(),
            Some(&0x0102_0304_0506_0708_u64.to_ne_bytes()[..])
        );
        assert_eq!(
            minded(&mut client).as_deref(),
            Some("nltest carried out remark, but: remark: mind the gap")
        );

        // It is about the last request alone: neither what has no warning keeps it, nor what is refused.
        client.hello(&Hello { text: "hello" }).expect("hello");
        assert_eq!(minded(&mut client), None);
        client.remark(&remark).expect("it is no error");
        let unlucky = Remark {
            number: Some(13),
            ..remark
        };
        assert_eq!(refusal(client.remark(&unlucky)).errno, libc::EINVAL);
        assert_eq!(minded(&mut client), None);

        // Of several calls each has its own.
        let mut batch = client.pipeline();
        let minded = batch.remark(&remark).expect("it can be sent");
        let refused = batch.remark(&unlucky).expect("it can be sent");
        let replied = batch.hello(&Hello { text: "hello" });
        let replied = replied.expect("it can be sent");
        let other = Remark {
            text: "stand back",
            ..Remark::default()
        };
        let other = batch.remark(&other).expect("it can be sent");
        let answers = batch.send().expect("answers");
        answers.take(minded).expect("it is no error");
        let warned = |ticket| answers.warning(ticket).map(|warning| warning.message);
        assert_eq!(warned(minded).as_deref(), Some("remark: mind the gap"));
        assert_eq!(warned(other).as_deref(), Some("remark: stand back"));
        assert_eq!(warned(refused), None);
        assert_eq!(answers.warning(replied), None);
    });
}
