//! Fake kernels in the place of network namespaces, each with empty stores.

use std::cell::RefCell;
use std::thread;

use genl_user::families::kvstore::server::Served;
use genl_user::families::nltest;
use genl_user::testing::Kernel;

use crate::served::Store;
use crate::talker::Talker;

thread_local! {
    static KERNEL: RefCell<Option<Kernel>> = const { RefCell::new(None) };
}

/// The kernel that the calling thread is at.
pub(crate) fn kernel() -> Kernel {
    let kernel = KERNEL.with_borrow(Clone::clone);
    kernel.expect("the test is at a kernel")
}

/// Runs `test` at a kernel of its own.
pub(crate) fn in_new_netns<R: Send>(test: impl FnOnce() -> R + Send) -> R {
    let kernel = Kernel::new();
    let registered = kernel.register(Served(Store::default()));
    registered.expect("it is the first family");
    // It comes when it is asked for, unless the test has another one.
    kernel.install(|| nltest::server::Served(Talker));
    Netns(kernel).run(test)
}

/// Runs `test` without the rights that a user without any lacks.
pub(crate) fn as_nobody<R>(test: impl FnOnce() -> R) -> R {
    let set = |has| {
        kernel().set_admin(has);
        kernel().set_sys_admin(has);
    };
    set(false);
    let done = test();
    set(true);
    done
}

/// What stands for a network namespace.
pub(crate) struct Netns(Kernel);

impl Netns {
    /// The one that the calling thread is in.
    pub(crate) fn current() -> Self {
        Self(kernel())
    }

    /// Runs `test` within it.
    pub(crate) fn run<R: Send>(&self, test: impl FnOnce() -> R + Send) -> R {
        let kernel = self.0.clone();
        let here = || {
            KERNEL.set(Some(kernel));
            test()
        };
        thread::scope(|scope| match scope.spawn(here).join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    }
}
