//! Other programs, started so that nothing of them is seen: it knows no program.

use std::process::Command;

/// Has `command` start without a console of its own, which on Windows would flash up over the window.
pub fn without_console(command: &mut Command) -> &mut Command {
    #[cfg(windows)]
    {
        use std::os::windows::process::CommandExt as _;
        use windows_sys::Win32::System::Threading::CREATE_NO_WINDOW;
        command.creation_flags(CREATE_NO_WINDOW);
    }
    command
}
