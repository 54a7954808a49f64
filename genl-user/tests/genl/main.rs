//! The command-line tool, as a user calls it.

mod calls;
mod check;
mod pyynl;
mod specs;
mod tool;
