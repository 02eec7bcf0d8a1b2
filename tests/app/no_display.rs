//! Without a display the window says so, and what to do instead.

use std::process::Command;

#[test]
fn without_a_display_the_terminal_is_named() {
    let mut recto = Command::new(env!("CARGO_BIN_EXE_recto-under-test"));
    for display in ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"] {
        recto.env_remove(display);
    }
    let output = recto.arg("report.pdf").output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("hint: ") && stderr.contains("recto ask"), "{stderr}");
}
