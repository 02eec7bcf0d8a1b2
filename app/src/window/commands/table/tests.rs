//! The table holds together.

use std::collections::HashSet;

use eframe::egui::os::OperatingSystem;
use eframe::egui::{Context, RawInput};

use super::*;

#[test]
fn no_two_commands_share_keys_in_a_context() {
    let mut seen = HashSet::new();
    for info in &COMMANDS {
        for keys in info.all_keys() {
            // These mean something at the same time.
            let is_shared = matches!(keys.context, Anywhere | Report | Pages | PageText);
            let context = if is_shared { Anywhere } else { keys.context };
            assert!(seen.insert((context, keys.shortcut)), "{:?}: {keys:?} is taken", info.id);
        }
    }
}

#[test]
fn every_command_has_a_name_of_its_own() {
    let mut seen = HashSet::new();
    for info in &COMMANDS {
        assert!(!info.button.is_empty(), "{:?}", info.id);
        for label in info.labels() {
            assert!(!label.is_empty() && seen.insert(label), "{:?}: {label:?}", info.id);
        }
    }
}

#[test]
fn keys_are_written_as_on_the_keyboard() {
    let ctx = Context::default();
    ctx.set_os(OperatingSystem::Nix);
    for (id, expected) in [
        (CommandId::OpenReport, "Ctrl+O"),
        (CommandId::ShowLibrary, "Ctrl+Shift+L"),
        (CommandId::ShowSettings, "Ctrl+,"),
        (CommandId::ZoomIn, "Ctrl++"),
        (CommandId::RotateLeft, "Ctrl+["),
        (CommandId::Back, "Alt+Left"),
        (CommandId::LightTheme, ""),
    ] {
        assert_eq!(id.info().keys_text(&ctx), expected, "{id:?}");
    }
    assert_eq!(CommandId::ShowLibrary.info().tooltip_with_keys(&ctx), "All reports (Ctrl+Shift+L)");
    // Signs like ⌘ are written if the fonts have them, and these are loaded with the first frame.
    let mut output = ctx.run_ui(RawInput::default(), |_| {});
    // Nothing is drawn here.
    output.textures_delta.clear();
    ctx.set_os(OperatingSystem::Mac);
    assert!(!CommandId::OpenReport.info().keys_text(&ctx).contains("Ctrl"));
}
