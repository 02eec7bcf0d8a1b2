//! macOS: a profile of the system's sandbox. Unlike on Linux it lists what is denied: CoreGraphics, with which PDFium draws
//! text, needs system services that differ between versions.
#![expect(unsafe_code, reason = "the sandbox is only to be had through the C library")]

use std::ffi::{CString, c_char, c_int};

/// No network, no other program or process, no writing, and no reading below the users' folders, except fonts.
const PROFILE: &str = r#"(version 1)
(allow default)
(deny network*)
(deny process-exec*)
(deny process-fork)
(deny signal (target others))
(deny file-write*)
(deny file-read-data (subpath "/Users") (subpath "/Volumes") (subpath "/private/var/folders") (subpath "/private/tmp"))
(allow file-read-data (regex #"^/[^/]+/[^/]+/Library/Fonts(/|$)"))
"#;

unsafe extern "C" {
    /// From `sandbox.h`: puts this process into the sandbox that `profile` describes. Deprecated, but used by browsers.
    fn sandbox_init(profile: *const c_char, flags: u64, error: *mut *mut c_char) -> c_int;
    fn sandbox_free_error(error: *mut c_char);
}

/// Puts this process, with all its threads, into the sandbox; returns whether that succeeded.
pub(super) fn enter() -> bool {
    let Ok(profile) = CString::new(PROFILE) else { return false };
    let mut error = std::ptr::null_mut();
    // SAFETY: `profile` ends in a zero and outlives the call, which writes at most one pointer to `error`.
    let outcome = unsafe { sandbox_init(profile.as_ptr(), 0, &raw mut error) };
    if !error.is_null() {
        // SAFETY: the pointer comes from `sandbox_init` and is freed once.
        unsafe { sandbox_free_error(error) };
    }
    outcome == 0
}
