//! An allocator that counts how often it is asked for memory, and what it has given.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// The system's allocator, counted.
pub(crate) struct Counting;

static COUNT: AtomicU64 = AtomicU64::new(0);

/// How many bytes are allocated at present.
pub(crate) static LIVE: AtomicI64 = AtomicI64::new(0);

/// How often memory was asked for so far, by any thread.
pub(crate) fn made() -> u64 {
    COUNT.load(Ordering::Relaxed)
}

/// How often memory was asked for while `call` ran, by any thread.
pub(crate) fn count(call: impl FnOnce()) -> u64 {
    let before = made();
    call();
    made() - before
}

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.fetch_add(1, Ordering::Relaxed);
        LIVE.fetch_add(layout.size() as i64, Ordering::Relaxed);
        // SAFETY: the caller vouches for `layout`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size() as i64, Ordering::Relaxed);
        // SAFETY: the caller vouches that `block` came from `alloc` or `realloc`, so from `System`.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        COUNT.fetch_add(1, Ordering::Relaxed);
        LIVE.fetch_add(size as i64 - layout.size() as i64, Ordering::Relaxed);
        // SAFETY: as in `dealloc`; the caller vouches for `size`.
        unsafe { System.realloc(block, layout, size) }
    }
}
