//! From a resolved family to text: one pure function for each thing that is generated.
//!
//! An emitter trusts the family; it never looks for faults.

pub mod kernel;
pub mod user;
