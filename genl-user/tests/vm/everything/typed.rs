//! The generated client against the generated module, both by their types.

use crate::families::everything::{
    Client, Color, Empty, Leaf, Limits, Mode, Need, Nothing, Numbers, Owned, Point, Prime,
    Privileged, Shade, Silent, TellDump,
};
use crate::guest::{as_nobody, in_new_netns};
use crate::raw::refusal;

fn open() -> Client {
    Client::open().expect("everything is loaded")
}

#[test]
fn integers_keep_their_width_and_sign() {
    let numbers = Numbers {
        flag: true,
        u8: Some(u8::MAX),
        u64: Some(u64::MAX - 1),
        s8: Some(i8::MIN),
        s64: Some(i64::MIN),
        uint: Some(u64::from(u32::MAX) + 1),
        sint: Some(i64::from(i32::MIN) - 1),
        be_u16: Some(0x0102),
        be_u32: Some(0x0102_0304),
        many_s16: &[-1, i16::MIN, i16::MAX],
        many_uint: &[0, u64::MAX],
        ..Numbers::default()
    };
    let reply = open().numbers(&numbers).expect("numbers").to_owned();
    assert_eq!((reply.flag, reply.u8, reply.u16), (true, Some(255), None));
    assert_eq!((reply.u64, reply.s64), (numbers.u64, numbers.s64));
    assert_eq!((reply.uint, reply.sint), (numbers.uint, numbers.sint));
    assert_eq!(
        (reply.be_u16, reply.be_u32),
        (numbers.be_u16, numbers.be_u32)
    );
    assert_eq!(reply.many_s16, numbers.many_s16);
    assert_eq!(reply.many_uint, numbers.many_uint);
}

#[test]
fn enums_and_flags_keep_their_names() {
    let limits = Limits {
        color: Some(Color::Blue),
        narrow_color: Some(Color::Red),
        be_shade: Some(Shade::Light),
        prime: Some(Prime::HundredOne),
        mode: Some(Mode::FAST | Mode::DEEP),
        many_primes: &[Prime::Two, Prime::Five, Prime::Two],
        ..Limits::default()
    };
    let reply = open().limits(&limits).expect("limits").to_owned();
    assert_eq!(
        (reply.color, reply.narrow_color),
        (limits.color, limits.narrow_color)
    );
    assert_eq!(
        (reply.be_shade, reply.prime),
        (limits.be_shade, limits.prime)
    );
    assert_eq!(reply.mode, limits.mode);
    assert_eq!(reply.many_primes, limits.many_primes);
}

#[test]
fn a_dump_tells_it_so_many_times() {
    let blob = vec![0x5a; 1500];
    let tell = TellDump {
        times: 1000,
        number: Some(u64::MAX),
        text: Some("again"),
        blob: Some(&blob),
        point: Some(Point {
            x: -1,
            y: 0x0102_0304,
        }),
    };
    let mut client = open();
    let mut at = 0;
    for item in client.tell_dump(&tell).expect("a dump").owned() {
        let item = item.expect("an item");
        assert_eq!((item.at, item.number), (Some(at), tell.number));
        assert_eq!(item.text.as_deref(), tell.text);
        assert_eq!((item.blob.as_ref(), item.point), (Some(&blob), tell.point));
        at += 1;
    }
    assert_eq!(at, tell.times);
    let none = client.tell_dump(&TellDump::default()).expect("a dump");
    assert_eq!(none.owned().count(), 0);
}

#[test]
fn what_answers_nothing_is_acknowledged() {
    let mut client = open();
    client.silent(&Silent { number: Some(1) }).expect("silent");
    client.nothing(&Nothing {}).expect("nothing");
    client.empty(&Empty { number: Some(1) }).expect("empty");
}

#[test]
fn what_is_needed_is_named() {
    let need = Need {
        number: 1,
        text: "text",
        flag: true,
        blob: b"blob",
        leaf: Leaf::default(),
        mode: Mode::FAST,
        optional: None,
    };
    open().need(&need).expect("all is there");
    let refused = refusal(open().need(&Need {
        flag: false,
        ..need
    }));
    assert_eq!(refused.missing.as_deref(), Some("need.flag"));
}

#[test]
fn only_those_who_may_call_it() {
    in_new_netns(|| {
        let mut client = open();
        let number = Some(3);
        let reply = client.privileged(&Privileged { number }).expect("root may");
        assert_eq!(reply.number(), number);
        let reply = client.owned(&Owned { number }).expect("root may");
        assert_eq!(reply.number(), number);
        as_nobody(|| {
            let mut client = open();
            let refused = refusal(client.privileged(&Privileged { number }));
            assert_eq!(refused.errno, libc::EPERM);
            let refused = refusal(client.owned(&Owned { number }));
            assert_eq!(refused.errno, libc::EPERM);
        });
    });
}
