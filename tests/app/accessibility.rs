//! Every screen as somebody uses it who sees nothing, or has no mouse: each control has a name, and Tab reaches all of them.

use std::path::PathBuf;

use app::services::library::{FileStatus, LibraryEvent, ReportStatus};
use app::services::models::{InstalledModel, ModelEvent, ModelInventory};
use app::window::{Start, Window};
use eframe::egui::accesskit::{Action, NodeId, Role};
use eframe::egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use engine::protocol::DeviceChoice;

use crate::first_start::{inventory as first_inventory, offered};
use crate::flows::{FILE, ask, services, start_window};
use crate::scripted::{HASH, ScriptedEngine, ScriptedLibrary, ScriptedModels, ScriptedViewer, answer, bulletin};

/// More stops than any screen has.
const MOST_STOPS: usize = 300;

struct Parts {
    engine: ScriptedEngine,
    viewer: ScriptedViewer,
    library: ScriptedLibrary,
    models: ScriptedModels,
    window: Harness<'static, Window>,
}

fn start(files: &[&str]) -> Parts {
    let (engine, viewer) = (ScriptedEngine::default(), ScriptedViewer::default());
    let (library, models) = (ScriptedLibrary::default(), ScriptedModels::default());
    let services = services(&library, &engine, &viewer, &models);
    let window = start_window(services, Start { files: files.iter().map(PathBuf::from).collect(), ..Start::default() });
    Parts { engine, viewer, library, models, window }
}

/// A window with a report of twelve pages.
fn with_report() -> Parts {
    let mut parts = start(&[FILE]);
    parts.viewer.open(12);
    parts.engine.finish(bulletin());
    parts.window.run_steps(4);
    parts
}

fn inventory() -> ModelInventory {
    let model = |name: &str, problem: Option<&str>| InstalledModel {
        name: name.into(),
        kind: "T5Gemma 2".into(),
        adapter: None,
        has_eyes: true,
        bytes: 1_600_000_000,
        is_default: name == "270m",
        problem: problem.map(String::from),
    };
    ModelInventory {
        installed: vec![model("270m", None), model("1b", None), model("4b", Some("cut short"))],
        offered: offered(),
        processor: "A processor, 8 threads".into(),
        devices: vec![(DeviceChoice::Cpu, None)],
        places: vec![("Models", "/data/models".into()), ("Library", "/data/library".into())],
        ..ModelInventory::default()
    }
}

/// Each screen, by what is seen on it.
fn screens() -> Vec<(&'static str, Harness<'static, Window>)> {
    let mut screens = Vec::new();
    screens.push(("first start", start(&[]).window));

    let mut parts = start(&[]);
    parts.models.tell(ModelEvent::Listed(first_inventory()));
    parts.window.run_steps(4);
    screens.push(("ways to a model", parts.window));

    let mut parts = start(&[]);
    parts.models.tell(ModelEvent::Listed(first_inventory()));
    parts.window.run_steps(4);
    parts.window.get_by_label("Download T5Gemma 2 270M-270M…").click_accesskit();
    parts.window.run_steps(4);
    parts.models.tell(ModelEvent::Token(None));
    parts.window.run_steps(4);
    screens.push(("a token", parts.window));

    let mut parts = with_report();
    ask(&mut parts.window);
    parts.engine.finish(answer("By **0.2** percent, in the *first* quarter."));
    parts.window.run_steps(6);
    screens.push(("answer", parts.window));

    let mut parts = with_report();
    ask(&mut parts.window);
    parts.engine.say("By 0.2");
    parts.window.run_steps(4);
    screens.push(("answering", parts.window));

    let mut parts = with_report();
    ask(&mut parts.window);
    parts.engine.fail("the model ran out of memory", "choose a smaller one");
    parts.window.run_steps(4);
    screens.push(("error", parts.window));

    let mut parts = with_report();
    parts.window.key_press_modifiers(Modifiers::COMMAND, Key::F);
    parts.window.run_steps(2);
    parts.window.get_by_label("Find in the report").type_text("net receipts");
    parts.window.run_steps(4);
    parts.viewer.find("net receipts", &[2, 5, 9]);
    parts.window.run_steps(4);
    screens.push(("search", parts.window));

    let mut parts = with_report();
    parts.window.key_press_modifiers(Modifiers::COMMAND, Key::K);
    parts.window.run_steps(4);
    screens.push(("commands", parts.window));

    let mut parts = with_report();
    parts.models.tell(ModelEvent::Listed(inventory()));
    parts.window.key_press_modifiers(Modifiers::COMMAND, Key::Comma);
    parts.window.run_steps(4);
    screens.push(("settings", parts.window));

    let mut parts = with_report();
    parts.library.tell(LibraryEvent::Statuses(vec![ReportStatus {
        hash: HASH.into(),
        file: FileStatus::Gone,
        kept_bytes: 9_000_000,
    }]));
    parts.window.key_press_modifiers(Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::L);
    parts.window.run_steps(4);
    screens.push(("library", parts.window));
    screens
}

/// What can have the focus: by its id, with its name, its role, and whether it can be used now.
fn stops(window: &Harness<'static, Window>) -> Vec<(NodeId, String, Role, bool)> {
    let root = window.root();
    root.children_recursive()
        .map(|node| node.accesskit_node())
        .filter(|node| node.data().supports_action(Action::Focus) && !node.is_hidden())
        .map(|node| {
            (
                node.locate().0,
                node.label().or_else(|| node.value()).unwrap_or_default(),
                node.role(),
                !node.is_disabled(),
            )
        })
        .collect()
}

fn focused(window: &Harness<'static, Window>) -> Option<NodeId> {
    let root = window.root();
    root.children_recursive()
        .map(|node| node.accesskit_node())
        .find(egui_kittest::kittest::AccessKitNode::is_focused)
        .map(|node| node.locate().0)
}

#[test]
fn everything_that_can_have_the_focus_has_a_name() {
    for (screen, window) in screens() {
        let stops = stops(&window);
        assert!(!stops.is_empty(), "{screen} has nothing to do");
        let nameless: Vec<_> = stops.iter().filter(|(_, name, ..)| name.trim().is_empty()).collect();
        assert!(nameless.is_empty(), "{screen}: {nameless:?}");
    }
}

#[test]
fn tab_reaches_every_control_once_and_comes_back() {
    for (screen, mut window) in screens() {
        let wanted: Vec<_> = stops(&window).into_iter().filter(|(.., enabled)| *enabled).collect();
        let mut reached = Vec::new();
        for _ in 0..MOST_STOPS {
            window.key_press(Key::Tab);
            window.run_steps(2);
            let Some(stop) = focused(&window) else { continue };
            if reached.first() == Some(&stop) {
                break;
            }
            reached.push(stop);
        }
        assert!(reached.len() < MOST_STOPS, "{screen}: Tab never comes back");
        let missed: Vec<_> = wanted.iter().filter(|(id, ..)| !reached.contains(id)).collect();
        assert!(screen == "commands" || missed.is_empty(), "{screen}: Tab does not reach {missed:?}");
    }
}
