//! Checks of a request before it is sent.

use super::extack::Extack;
use super::validate::{Checked, Strictness, Validator};
use super::{Rules, check};
use crate::error::Error;
use crate::extack::Verdict;
use crate::family::{Operation, Request};
use crate::wire::{ATTRS_OFFSET, Attrs, Encoder, Payload};

/// Refuses a request as the kernel would.
pub(crate) fn check_request<R: Request>(operation: &Operation, request: &R) -> Result<(), Error> {
    let mut message = vec![0; ATTRS_OFFSET];
    let encoded = request.encode(&mut Encoder::new(&mut message));
    let unfit = |unfit| Error::unfit(operation, &message, unfit);
    encoded.map_err(unfit)?;
    let payload = Payload::new(&message[ATTRS_OFFSET..], ATTRS_OFFSET);
    let (_, attrs) = payload.split_at(operation.header);
    let mut extack = Extack::default();
    let Err(errno) = check_attrs(attrs, &R::RULES, &mut extack) else {
        return Ok(());
    };
    // What the kernel would answer, read as its answer would be.
    let mut told = Vec::new();
    extack
        .write(errno, &mut Encoder::new(&mut told))
        .map_err(unfit)?;
    let verdict = Verdict::of(errno, Attrs::new(&told, 0)).map_err(Error::bad_header)?;
    let mut refused = verdict.refused(operation, &message);
    refused.is_sent = false;
    Err(Box::new(refused).into())
}

/// What the core checks (`genl_family_rcv_msg_attrs_parse()`), and then what our kernel half does.
fn check_attrs(attrs: Attrs<'_>, rules: &Rules, extack: &mut Extack) -> Checked {
    let mut validator = Validator {
        strictness: Strictness::Strict,
        extack,
    };
    validator.attrs(attrs, rules.policy)?;
    check::request(attrs, rules, extack)
}
