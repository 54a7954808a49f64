//! Kernel code made from the kernel tree's specs, in a real kernel: one module for each spec, whose handlers answer
//! EOPNOTSUPP.
//!
//! `cargo xtask test` builds the modules and runs this as root in a virtual machine where none of the distribution's
//! modules with families is loaded.

mod allowed;
mod families;
mod modules;
mod policies;

use families::ours;

#[test]
fn all_are_registered_and_gone_again() {
    // Linux 7.3 has so many; what it takes to be here is in `ours`.
    assert!(ours().len() >= 25, "{}", ours().len());
}

#[test]
fn what_nobody_serves_is_not_supported() {
    for family in ours() {
        for (call, errno) in &family.answers {
            assert_eq!(
                *errno,
                Some(libc::EOPNOTSUPP),
                "{}: {call}",
                family.registered
            );
        }
    }
}
