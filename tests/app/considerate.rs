//! Reading takes notice of what goes on around it: the battery, the disk, the user's questions.

use std::path::PathBuf;

use app::window::{Services, Start, Window};
use crossbeam_channel::{Sender, bounded};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use engine::diagnostic::Diagnostic;
use engine::protocol::{Command, Event};

use crate::flows::{FILE, services, start_window};
use crate::scripted::{ScriptedEngine, ScriptedLibrary, ScriptedModels, ScriptedViewer, bulletin};

/// A window with a report that is being read behind, and the cable of its computer.
fn reading() -> (ScriptedEngine, Sender<bool>, Harness<'static, Window>) {
    let engine = ScriptedEngine::default();
    let viewer = ScriptedViewer::default();
    let (cable, power) = bounded(4);
    let scripted = services(&ScriptedLibrary::default(), &engine, &viewer, &ScriptedModels::default());
    let services = Services { power: Some(power), ..scripted };
    let mut window = start_window(services, Start { files: vec![PathBuf::from(FILE)], ..Start::default() });
    viewer.open(82);
    engine.finish(bulletin());
    window.run_steps(4);
    (engine, cable, window)
}

/// Readings that were begun and not cancelled.
fn under_way(engine: &ScriptedEngine) -> usize {
    let commands = engine.commands();
    let begun =
        commands.iter().filter(|command| matches!(command, Command::Read { job, .. } if !job.plan_only)).count();
    begun - commands.iter().filter(|command| matches!(command, Command::Cancel { .. })).count()
}

fn choose(window: &mut Harness<'static, Window>, label: &str) {
    window.get_by_label("Settings").click();
    window.run_steps(4);
    window.get_by_label(label).click();
    window.run_steps(4);
    window.get_by_label("Settings").click();
    window.run_steps(4);
}

#[test]
fn on_battery_reading_goes_on_unless_the_user_wants_it_to_rest() {
    let (engine, cable, mut window) = reading();
    cable.send(true).unwrap();
    window.run_steps(4);
    assert_eq!(under_way(&engine), 1);
    choose(&mut window, "Pause reading");
    assert_eq!(under_way(&engine), 0);
    assert!(window.query_by_label("Reading is paused until the computer is plugged in").is_some());
    window.get_by_label("Read on battery").click();
    window.run_steps(4);
    assert_eq!(under_way(&engine), 1);
    for (is_on_battery, expected) in [(false, 1), (true, 0), (false, 1)] {
        cable.send(is_on_battery).unwrap();
        window.run_steps(4);
        assert_eq!(under_way(&engine), expected, "on battery: {is_on_battery}");
    }
}

#[test]
fn what_goes_wrong_with_the_disk_is_said_once_and_reading_goes_on() {
    let (engine, _cable, mut window) = reading();
    let request = engine.last_request();
    for _ in 0..2 {
        let diagnostic = Diagnostic::general("not everything could be cached: the disk is full");
        engine.tell(Event::Warning { request, diagnostic });
    }
    window.run_steps(4);
    assert_eq!(window.query_all_by_label("Not everything could be cached: the disk is full").count(), 1);
    assert_eq!(under_way(&engine), 1);
    window.get_by_label("Dismiss").click();
    window.run_steps(4);
    assert!(window.query_by_label_contains("Not everything could be cached").is_none());
}
