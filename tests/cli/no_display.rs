//! Without a display, an error points to the command line.

use crate::{program, stderr};

#[test]
fn without_a_display_the_terminal_is_named() {
    let mut recto = program();
    for display in ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"] {
        recto.env_remove(display);
    }
    let output = recto.arg("report.pdf").output().unwrap();
    let stderr = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("hint: ") && stderr.contains("recto ask"), "{stderr}");
}
