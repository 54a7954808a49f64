//! Any bytes as a message of any spec: values or an error, and what was read can be written and
//! read again.

#![no_main]

use std::sync::LazyLock;

use genl_user::dynamic::genl_schema::model::Family;
use genl_user::dynamic::{Unknown, decode, encode};
use genl_user_fuzz::{choose, specs};
use libfuzzer_sys::fuzz_target;

static SPECS: LazyLock<Vec<Family>> = LazyLock::new(specs);

fuzz_target!(|input: &[u8]| {
    let Some((family, message, bytes)) = choose(&SPECS, input) else {
        return;
    };
    let read = decode(family, message, bytes, Unknown::Keep);
    let known = decode(family, message, bytes, Unknown::Skip);
    let Ok(values) = read else {
        return;
    };
    assert!(known.is_ok_and(|known| known.len() <= values.len()));
    // What is not as long as its looks need, or grows beyond its nest, cannot be written.
    if let Ok(written) = encode(family, message, &values) {
        assert_eq!(decode(family, message, &written, Unknown::Keep), Ok(values));
    }
});
