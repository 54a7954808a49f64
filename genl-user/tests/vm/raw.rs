//! Requests that the typed client cannot make: what is wrong with them is for the kernel to say.

use genl_user::families::kvstore;
use genl_user::wire::{Encoder, Unfit};
use genl_user::{Answer, Error, Field, Layout, Operation, Refused, Request};

/// Any attributes.
pub(crate) struct Raw<F>(pub(crate) F);

impl<F: Fn(&mut Encoder<'_>) -> Result<(), Unfit>> Request for Raw<F> {
    fn encode(&self, out: &mut Encoder<'_>) -> Result<(), Unfit> {
        self.0(out)
    }
}

static META: Layout = Layout {
    fields: &[
        Field::value(1, "created-ns"),
        Field::value(2, "hits"),
        Field::value(3, "label"),
    ],
};

static ENTRY: Layout = Layout {
    fields: &[
        Field::value(1, "key"),
        Field::value(2, "value"),
        Field::value(3, "revision"),
        Field::value(4, "flags"),
        Field::nest(5, "meta", &META),
        Field::value(6, "prefix"),
    ],
};

/// Any command of kvstore, sent as an operation of this name.
pub(crate) const fn operation(name: &'static str, cmd: u8) -> Operation {
    Operation {
        family: &kvstore::FAMILY,
        name,
        cmd,
        is_dump: false,
        header: 0,
        request: &ENTRY,
        answer: Answer::Ack,
        capability: None,
    }
}

/// Sends a request with attributes as `encode` writes them, which has to be refused.
pub(crate) fn refused(
    operation: &'static Operation,
    encode: impl Fn(&mut Encoder<'_>) -> Result<(), Unfit>,
) -> Refused {
    refusal(crate::open().connection().order(operation, &Raw(encode)))
}

/// What the kernel said when it refused a request, which it has to have done.
pub(crate) fn refusal<T>(result: Result<T, Error>) -> Refused {
    match result {
        Ok(_) => panic!("the kernel accepted it"),
        Err(error) => error.refused().unwrap_or_else(|| panic!("{error}")).clone(),
    }
}
