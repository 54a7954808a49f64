//! What `Request::check` refuses the kernel refuses, with the same words about the same attribute; and
//! what it passes the kernel passes.

use std::marker::PhantomData;

use genl_user::dynamic::{Client, Mode};
use genl_user::policy::Rules;
use genl_user::wire::{Encoder, Fields, FieldsMut, Misfit, Struct, Unfit};
use genl_user::{Operation, Refused, Request};

use super::cases::{self, Case};
use super::families;
use crate::families::everything::{
    Bytes, Emit, Empty, Hooked, HookedDump, Layouts, Limits, Need, Nests, Numbers, Owned,
    Privileged, Silent, Tell, TellDump,
};

#[test]
fn what_check_refuses_the_kernel_refuses() {
    let family = &families()[0];
    let mut client = Client::open(family.clone()).expect("the module is loaded");
    let (mut wrong, mut agreed) = (Vec::new(), [0; 2]);
    for case in cases::of(family) {
        // Attributes that the type does not have, no request of it could hold.
        let is_strange = case.what.starts_with("with ")
            || case.what.contains(" with attribute ")
            || case.payload.len() % 4 != 0;
        let Some(ahead) = check(&case).filter(|_| !is_strange) else {
            continue;
        };
        // The handler refuses some of what passed all checks.
        let kernel = super::answer(&mut client, &case);
        let kernel = kernel.filter(|refused| refused.errno != libc::ECANCELED);
        let kernel = kernel.map(|refused| named(refused, &case));
        match (&kernel, &ahead) {
            (kernel, ahead) if kernel == ahead => agreed[usize::from(ahead.is_some())] += 1,
            _ => wrong.push(format!(
                "{}, {}: {kernel:?}, {ahead:?}",
                case.operation, case.what
            )),
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(agreed.iter().all(|&count| count > 100), "{agreed:?}");
}

/// What the client by a spec was told, as one of the family's own is told it.
fn named(mut refused: Refused, case: &Case) -> Refused {
    for path in [&mut refused.attribute, &mut refused.missing]
        .into_iter()
        .flatten()
    {
        *path = format!("{}.{path}", case.operation);
    }
    refused.is_sent = false;
    refused
}

/// What the check says of a request; `None` if it is of an operation without attributes.
fn check(case: &Case) -> Option<Option<Refused>> {
    let check = match (case.operation.as_str(), case.mode) {
        ("numbers", Mode::Do) => of::<Numbers<'_>>,
        ("limits", Mode::Do) => of::<Limits<'_>>,
        ("bytes", Mode::Do) => of::<Bytes<'_>>,
        ("layouts", Mode::Do) => of::<Layouts<'_>>,
        ("nests", Mode::Do) => of::<Nests<'_>>,
        ("tell", Mode::Do) => of::<Tell<'_>>,
        ("tell", Mode::Dump) => of::<TellDump<'_>>,
        ("need", Mode::Do) => of::<Need<'_>>,
        ("hooked", Mode::Do) => of::<Hooked>,
        ("hooked", Mode::Dump) => of::<HookedDump>,
        ("silent", Mode::Do) => of::<Silent>,
        ("empty", Mode::Do) => of::<Empty>,
        ("privileged", Mode::Do) => of::<Privileged>,
        ("owned", Mode::Do) => of::<Owned>,
        ("emit", Mode::Do) => of::<Emit<'_>>,
        _ => return None,
    };
    Some(check(&case.payload))
}

fn of<R: Request>(payload: &[u8]) -> Option<Refused> {
    let request = Payload(payload, PhantomData::<R>);
    let error = request.check().err()?;
    Some(error.refused().unwrap_or_else(|| panic!("{error}")).clone())
}

/// A request of a type, whose bytes that type would never write.
struct Payload<'a, R>(&'a [u8], PhantomData<R>);

impl<R: Request> Request for Payload<'_, R> {
    const RULES: Rules = R::RULES;
    const OPERATION: Option<&'static Operation> = R::OPERATION;

    fn encode(&self, out: &mut Encoder<'_>) -> Result<(), Unfit> {
        let (words, _) = self.0.as_chunks();
        words.iter().try_for_each(|word| out.header(&Word(*word)))
    }
}

/// Four bytes, as what stands before all attributes.
struct Word([u8; 4]);

impl Struct for Word {
    const SIZE: usize = 4;

    fn read(fields: Fields<'_>) -> Self {
        Self(fields.bytes(0))
    }

    fn write(&self, fields: &mut FieldsMut<'_>) -> Result<(), Misfit> {
        fields.bytes(0, &self.0);
        Ok(())
    }
}
