//! Models and settings: what is installed, what can be had, and what was set.

use std::path::PathBuf;

use app::services::library::LibraryCommand;
use app::services::models::{Fetch, InstalledModel, ModelCommand, ModelEvent, ModelInventory, Speed, Updates, Wanted};
use app::window::{Start, Window};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use engine::protocol::{Command, DeviceChoice, ErrorReport};
use engine::store::library::Record;

use crate::first_start::offered;
use crate::flows::{FILE, ask, services, start_window};
use crate::scripted::{ScriptedEngine, ScriptedLibrary, ScriptedModels, ScriptedViewer, bulletin};

struct Parts {
    engine: ScriptedEngine,
    library: ScriptedLibrary,
    models: ScriptedModels,
    window: Harness<'static, Window>,
}

/// A window with a report and these models, in which the settings are shown.
fn settings(installed: &[&str]) -> Parts {
    let (engine, library) = (ScriptedEngine::default(), ScriptedLibrary::default());
    let (viewer, models) = (ScriptedViewer::default(), ScriptedModels::default());
    let services = services(&library, &engine, &viewer, &models);
    let start = Start { files: vec![PathBuf::from(FILE)], ..Start::default() };
    let mut window = start_window(services, start);
    viewer.open(82);
    engine.finish(bulletin());
    models.tell(ModelEvent::Listed(inventory(installed)));
    window.run_steps(4);
    window.get_by_label("Settings").click();
    window.run_steps(4);
    Parts { engine, library, models, window }
}

fn inventory(installed: &[&str]) -> ModelInventory {
    let model = |name: &&str| InstalledModel {
        name: (*name).to_owned(),
        kind: "T5Gemma 2".into(),
        adapter: None,
        has_eyes: true,
        bytes: 1_600_000_000,
        is_default: *name == "t5gemma2-270m",
        problem: None,
    };
    let missing = ErrorReport { message: "this build of Recto does not support CUDA".into(), hint: None };
    ModelInventory {
        installed: installed.iter().map(model).collect(),
        offered: offered(),
        processor: "A processor, 8 threads".into(),
        devices: vec![(DeviceChoice::Cpu, None), (DeviceChoice::Cuda, Some(missing))],
        places: vec![("Models", "/data/models".into())],
        ..ModelInventory::default()
    }
}

#[test]
fn a_model_is_fetched_once_its_licence_is_accepted() {
    let Parts { models, mut window, .. } = settings(&[]);
    assert!(window.query_by_label_contains("No model is installed.").is_some());
    window.get_by_label("Download Starter Gemma 3 270M…").click_accesskit();
    window.run_steps(4);
    assert!(window.query_by_label("Gemma is provided under its terms").is_some());
    assert!(!models.commands().iter().any(|command| matches!(command, ModelCommand::Fetch(_))));
    window.get_by_label("Accept the Gemma Terms of Use and download 238 MB").click_accesskit();
    window.run_steps(4);
    let what = Wanted::Offered("starter".into());
    let fetch = ModelCommand::Fetch(Fetch { what, token: None, keeps_token: false });
    assert_eq!(models.commands().last(), Some(&fetch));
    models.tell(ModelEvent::Progress {
        name: "starter".into(),
        stage: "Downloading",
        done_bytes: 100_000_000,
        total_bytes: 238_000_000,
    });
    window.run_steps(4);
    assert!(window.query_by_label("Downloading starter: 100 MB of 238 MB").is_some());
    window.get_by_label("Cancel").click_accesskit();
    window.run_steps(4);
    assert_eq!(models.commands().last(), Some(&ModelCommand::Cancel));
    models.tell(ModelEvent::Ended);
    window.run_steps(4);
    assert!(window.query_by_label_contains("The next download resumes it").is_some());
    assert!(window.query_by_label("Download Starter Gemma 3 270M…").is_some());
}

#[test]
fn another_model_answers_from_then_on_and_after_the_next_start() {
    let Parts { engine, library, mut window, .. } = settings(&["t5gemma2-270m", "t5gemma2-1b"]);
    window.get_by_label("Answer with t5gemma2-1b").click();
    window.run_steps(4);
    assert!(window.query_by_label("Answer with t5gemma2-270m").is_some());
    window.get_by_label("treasury_bulletin_2025_06.pdf").click();
    window.run_steps(4);
    ask(&mut window);
    let Some(Command::Ask { job, .. }) = engine.commands().last().cloned() else { panic!("nothing was asked") };
    assert_eq!(job.compute.model.as_deref(), Some("t5gemma2-1b"));
    let kept = |command: &LibraryCommand| match command {
        LibraryCommand::Save(Record::Settings, bytes) => String::from_utf8_lossy(bytes).contains("t5gemma2-1b"),
        _ => false,
    };
    assert!(library.commands().iter().any(kept));
}

#[test]
fn a_model_is_removed_once_that_is_confirmed() {
    let Parts { models, mut window, .. } = settings(&["t5gemma2-1b"]);
    window.get_by_label("Remove…").click();
    window.run_steps(4);
    window.get_by_label("Cancel").click();
    window.run_steps(4);
    window.get_by_label("Remove…").click();
    window.run_steps(4);
    window.get_by_label("Remove t5gemma2-1b").click();
    window.run_steps(4);
    let removals: Vec<_> =
        models.commands().into_iter().filter(|command| matches!(command, ModelCommand::Remove(_))).collect();
    assert_eq!(removals, [ModelCommand::Remove("t5gemma2-1b".into())]);
    models.tell(ModelEvent::Ended);
    window.run_steps(4);
    assert_eq!(models.commands().last(), Some(&ModelCommand::List));
}

#[test]
fn where_no_model_is_the_question_says_so_and_leads_there() {
    let Parts { mut window, .. } = settings(&[]);
    window.get_by_label("treasury_bulletin_2025_06.pdf").click();
    window.run_steps(4);
    window.get_by_label("Download a model…").click();
    window.run_steps(4);
    assert!(window.query_by_label("Download Starter Gemma 3 270M…").is_some());
}

#[test]
fn it_is_said_where_everything_is_kept() {
    let Parts { window, .. } = settings(&[]);
    assert!(window.query_by_label("/data/models").is_some());
    assert!(window.query_by_label_contains("never leave this computer").is_some());
}

#[test]
fn a_folder_is_opened_where_something_is_kept() {
    let Parts { models, mut window, .. } = settings(&[]);
    window.get_by_label("Open the folder of: Models").click_accesskit();
    window.run_steps(4);
    assert_eq!(models.commands().last(), Some(&ModelCommand::ShowFolder("/data/models".into())));
}

#[test]
fn a_models_speed_is_measured_while_reading_rests_and_is_known_from_then_on() {
    let Parts { engine, library, models, mut window } = settings(&["t5gemma2-1b"]);
    let halts = || engine.commands().iter().filter(|command| matches!(command, Command::Cancel { .. })).count();
    let before = halts();
    window.get_by_label("Measure the speed of t5gemma2-1b").click();
    window.run_steps(4);
    let (name, device) = ("t5gemma2-1b".to_owned(), DeviceChoice::Cpu);
    assert_eq!(models.commands().last(), Some(&ModelCommand::Measure { name: name.clone(), device }));
    assert!(window.query_by_label("Measuring how fast t5gemma2-1b is…").is_some());
    assert_eq!(halts(), before + 1, "the report is not read meanwhile");
    let speed = Speed { pages_per_min: Some(12.3), figure_secs: Some(8.6), wait_secs: 2.1, words_per_sec: 14.2 };
    models.tell(ModelEvent::Measured { name, device, speed });
    window.run_steps(4);
    let words = "Reads about 12 pages a minute, looks at a figure in 9 s, begins to answer after 2 s, \
                 writes about 14 words a second";
    assert!(window.query_by_label(words).is_some());
    assert!(matches!(engine.commands().last(), Some(Command::Read { .. })), "it is read on");
    let is_kept = |command: &LibraryCommand| match command {
        LibraryCommand::Save(Record::Settings, bytes) => String::from_utf8_lossy(bytes).contains("pages_per_min"),
        _ => false,
    };
    assert!(library.commands().iter().any(is_kept));
}

#[test]
fn where_a_device_cannot_be_used_it_is_said_why() {
    let Parts { window, .. } = settings(&[]);
    assert!(window.query_by_label("Processor: A processor, 8 threads").is_some());
    assert!(window.query_by_label("NVIDIA card is not available: this build of Recto does not support CUDA").is_some());
}

#[test]
fn a_newer_recto_is_looked_for_when_that_is_asked_for_alone() {
    let Parts { models, mut window, .. } = settings(&["t5gemma2-1b"]);
    let checks = || models.commands().iter().filter(|command| **command == ModelCommand::CheckForUpdates).count();
    assert_eq!(checks(), 0, "nobody asked");
    let look = |window: &mut Harness<'static, Window>, updates: Updates| {
        window.get_by_label("Check for updates").click_accesskit();
        window.run_steps(4);
        assert_eq!(models.commands().last(), Some(&ModelCommand::CheckForUpdates));
        models.tell(ModelEvent::Updates(updates));
        window.run_steps(4);
    };
    look(&mut window, Updates::UpToDate);
    assert!(window.query_by_label("Recto is up to date").is_some());
    look(&mut window, Updates::Nowhere);
    assert!(window.query_by_label_contains("This build has no update address").is_some());
    let address = "https://example.org/recto/v9.0.0".to_owned();
    look(&mut window, Updates::Newer { version: "9.0.0".into(), address: address.clone() });
    assert!(window.query_by_label("Recto 9.0.0 is available").is_some());
    window.get_by_label("Open the release page").click_accesskit();
    window.step();
    let opened = |command: &eframe::egui::OutputCommand| match command {
        eframe::egui::OutputCommand::OpenUrl(open) => open.url == address,
        _ => false,
    };
    assert!(window.output().platform_output.commands.iter().any(opened), "the browser was not asked");
    look(&mut window, Updates::Failed(ErrorReport { message: "cannot reach the page".into(), hint: None }));
    assert!(window.query_by_label("Cannot reach the page").is_some());
    window.get_by_label("Try again").click_accesskit();
    window.run_steps(4);
    assert_eq!(checks(), 5);
}
