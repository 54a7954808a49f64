//! Any bytes as what the kernel says at the end of an exchange, of any request: the words, the attribute and the limits
//! that stand there by netlink's rules.

#![no_main]

use genl_user::families::{kvstore, nlctrl, nltest};
use genl_user::{Operation, Refused, fuzzing};
use genl_user_fuzz::netlink::{self, NLMSGHDR};
use genl_user_fuzz::told::Told;
use libfuzzer_sys::fuzz_target;

const OPERATIONS: [&Operation; 4] = [
    &kvstore::Client::SET,
    &kvstore::Client::GET_DUMP,
    &nltest::Client::ECHO,
    &nlctrl::Client::GETPOLICY_DUMP,
];

/// An input's first bytes: which operation; which of the two ends, with which flags; how long the request is.
const CHOICE: usize = 4;

fuzz_target!(|input: &[u8]| {
    let Some((&[operation, kind, flags, len], bytes)) = input.split_first_chunk::<CHOICE>() else {
        return;
    };
    let operation = OPERATIONS[usize::from(operation) % OPERATIONS.len()];
    let (attrs, rest) = bytes.split_at(usize::from(len).min(bytes.len()));
    let request = fuzzing::message((16, 5, 1, 1), operation.cmd, attrs);
    let kind = [libc::NLMSG_ERROR, libc::NLMSG_DONE][usize::from(kind) % 2] as u16;
    let flags = u16::from(flags) << 8;
    let message = end(kind, flags, rest);

    let told = Told::by_the_rules(kind, flags, rest);
    match fuzzing::verdict(operation, &request, &message) {
        Ok(None) => assert_eq!(told.errno, 0),
        Ok(Some(refused)) => check(&told, &refused, operation, &request),
        // One of the attributes is none, or has not its type's length.
        Err(_) => assert!(told.broken),
    }
});

/// The message with `rest` behind its nlmsghdr.
fn end(kind: u16, flags: u16, rest: &[u8]) -> Vec<u8> {
    let mut message = ((NLMSGHDR + rest.len()) as u32).to_ne_bytes().to_vec();
    message.extend(kind.to_ne_bytes());
    message.extend(flags.to_ne_bytes());
    message.extend([1u32.to_ne_bytes(); 2].concat());
    message.extend(rest);
    message
}

fn check(told: &Told<'_>, refused: &Refused, operation: &Operation, request: &[u8]) {
    assert!(!told.broken);
    assert_eq!(refused.errno, told.errno);
    assert_eq!(refused.message.is_some(), told.text.is_some());
    if let (Some(message), Some(text)) = (&refused.message, told.text) {
        let text = text.strip_suffix(&[0]).unwrap_or(text);
        assert_eq!(*message, String::from_utf8_lossy(text));
    }
    assert_eq!(refused.cookie.as_deref(), told.cookie);
    let path = format!("{}.", operation.name);
    for named in [&refused.attribute, &refused.missing].into_iter().flatten() {
        assert!(named.starts_with(&path));
    }
    // An attribute of the message itself, that is said to be at fault, is always named.
    let attrs = netlink::attrs(&request[20..], 20).whole;
    if let Some(offset) = told.offset
        && attrs.iter().any(|attr| attr.at == offset as usize)
    {
        assert!(refused.attribute.is_some());
    }
    assert!(refused.attribute.is_none() || told.offset.is_some());
    assert!(refused.missing.is_none() || told.missing.is_some());
    assert!(refused.policy.is_none() || told.policy);
    assert!(refused.value.is_none() || refused.attribute.is_some());
    assert!(refused.to_string().contains(operation.name));
}
