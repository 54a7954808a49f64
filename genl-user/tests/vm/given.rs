//! What the tests are given: the family, and how much they have time for.

use genl_user::Options;
use genl_user::families::kvstore;

/// A client of the namespace that the calling thread is in.
pub(crate) fn open() -> kvstore::Client {
    kvstore::Client::open().expect("kvstore is loaded")
}

/// How a client of that namespace is opened.
pub(crate) fn options() -> Options {
    Options::new()
}

/// A number that the environment may say: how much of something a run has time for.
pub(crate) fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).map_or(otherwise, |text| {
        text.parse()
            .unwrap_or_else(|_| panic!("{variable} is no number: {text}"))
    })
}
