//! The command-line tool, as a user calls it.

mod calls;
mod check;
#[cfg(feature = "server")]
mod peers;
mod pyynl;
mod specs;
mod tool;
