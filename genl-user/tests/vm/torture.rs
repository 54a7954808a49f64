//! What `cargo xtask torture` calls of the tests in `main.rs`, without the others, which take long to
//! build.

#![expect(dead_code, reason = "the tests in `main.rs` need all of it")]

mod churn;
mod faults;
mod given;
mod guest;
mod hostile;
mod kv;

use given::{number, open};
use kv::{keys, put, put_labels};
