//! How much memory a piece of work asks for, counted by the allocator of these tests.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static ASKED_BYTES: Cell<u64> = const { Cell::new(0) };
}

/// The system's allocator, which counts what each thread asks for.
struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

fn count(bytes: usize) {
    // A thread that ends has no counter any more.
    let _ = ASKED_BYTES.try_with(|asked| asked.set(asked.get().saturating_add(bytes as u64)));
}

#[expect(unsafe_code, reason = "an allocator is unsafe by nature; all is passed on to the system's")]
// SAFETY: every call is passed on as it came to the system's allocator, which keeps the contract.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: the caller keeps the contract of this very function.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: the caller keeps the contract of this very function.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of this very function.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        count(new_size);
        // SAFETY: the caller keeps the contract of this very function.
        unsafe { System.realloc(pointer, layout, new_size) }
    }
}

/// Does `work` and counts the bytes that it asks for on this thread, those it gives back included.
pub(crate) fn asked_bytes<T>(work: impl FnOnce() -> T) -> (T, u64) {
    let before = ASKED_BYTES.get();
    let result = work();
    (result, ASKED_BYTES.get() - before)
}
