//! macOS: a profile of the system's sandbox. Unlike on Linux it names what is refused: CoreGraphics, which PDFium draws text
//! with, needs services of the system that no list covers for all versions.
#![expect(unsafe_code, reason = "the sandbox is only to be had through the C library")]

use std::ffi::{CString, c_char, c_int};

/// No network, no other program or process, nothing written, and nothing read below the folders where users keep their files,
/// except fonts.
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
    /// Of `sandbox.h`: puts this process into the sandbox that `profile` describes. Deprecated for applications, and what
    /// browsers use.
    fn sandbox_init(profile: *const c_char, flags: u64, error: *mut *mut c_char) -> c_int;
    fn sandbox_free_error(error: *mut c_char);
}

/// Puts this process, with all its threads, into the sandbox; says whether the system does it.
pub(super) fn enter() -> bool {
    let Ok(profile) = CString::new(PROFILE) else { return false };
    let mut error = std::ptr::null_mut();
    // SAFETY: `profile` ends in a zero and outlives the call, which writes at most one pointer to `error`.
    let outcome = unsafe { sandbox_init(profile.as_ptr(), 0, &raw mut error) };
    if !error.is_null() {
        // SAFETY: the pointer is one that `sandbox_init` has given, freed once.
        unsafe { sandbox_free_error(error) };
    }
    outcome == 0
}
