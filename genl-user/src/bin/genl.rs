//! The command-line tool `genl`.
fn main() {}
