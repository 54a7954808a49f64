//! The family `@FAMILY@`; `cargo xtask test --only vm @MODULE@` runs these tests alone.

use genl_user::Error;
use genl_user::families::@MODULE@::{Client, Greet};

fn greet(name: &str) -> Result<u32, Error> {
    let mut client = Client::open().expect("the module is loaded");
    let reply = client.greet(&Greet { name })?;
    Ok(reply.number().expect("it is in the reply"))
}

/// To be replaced as soon as somebody serves it.
#[test]
fn nobody_serves_greet_yet() {
    let refused = greet("gopher").expect_err("it is not served");
    assert_eq!(refused.errno(), Some(libc::EOPNOTSUPP), "{refused}");
}

/// The kernel sees to what the spec asks of a request, before a handler is called.
#[test]
fn a_name_that_is_too_long_is_refused() {
    let refused = greet(&"x".repeat(65)).expect_err("64 bytes are the most");
    let refused = refused.refused().expect("by the kernel");
    assert_eq!(refused.errno, libc::EINVAL, "{refused}");
    assert_eq!(refused.attribute.as_deref(), Some("greet.name"));
}
