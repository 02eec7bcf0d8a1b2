//! Everything that stands behind the window, at work: a small model of chance reads a report, answers from it, and what was
//! said is written to a file. What it says makes no sense; where it comes from does.

use std::path::Path;
use std::time::{Duration, Instant};

use app::services::{EngineClient, ViewerClient};
use app::window::{Services, Start, Window};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use engine::protocol::{Command, Event};
use engine::store::Directories;
use engine::store::library::{Library, Record};
use engine::viewer::{ViewCommand, ViewEvent, Viewer};
use engine::worker::{Engine, EngineOptions};

use crate::flows::{ask, start_window};
use crate::library_on_disk::{files, library};
use crate::reading_model::{pages, write_model, write_report};
use crate::scripted::ScriptedModels;

struct RealEngine(Engine);

impl EngineClient for RealEngine {
    fn send(&mut self, command: Command) {
        self.0.send(command);
    }

    fn try_recv(&mut self) -> Option<Event> {
        self.0.try_recv().ok()
    }
}

struct RealViewer(Viewer);

impl ViewerClient for RealViewer {
    fn send(&mut self, command: ViewCommand) {
        self.0.send(command);
    }

    fn try_recv(&mut self) -> Option<ViewEvent> {
        self.0.try_recv()
    }
}

/// A window as the program shows it, everything of its own below `home`.
fn window(home: &Path, files: &[&Path]) -> Harness<'static, Window> {
    let options = EngineOptions {
        directories: Some(Directories::under(home)),
        kept_bytes: Some(1 << 30),
        keeps_texts: true,
        ..EngineOptions::default()
    };
    let services = Services {
        engine: Box::new(RealEngine(Engine::spawn(options, || ()).unwrap())),
        viewer: Box::new(RealViewer(Viewer::spawn(None, || ()).unwrap())),
        library: Box::new(library(home)),
        models: Box::new(ScriptedModels::default()),
        open_requests: None,
        power: None,
    };
    let files = files.iter().map(|path| (*path).to_owned()).collect();
    start_window(services, Start { files, ..Start::default() })
}

/// Draws frames until something is so.
fn wait(window: &mut Harness<'static, Window>, what: &str, is_so: impl Fn(&Harness<'static, Window>) -> bool) {
    let start = Instant::now();
    while !is_so(window) {
        assert!(start.elapsed() < Duration::from_secs(120), "waited too long for {what}");
        window.step();
        std::thread::sleep(Duration::from_millis(5));
    }
    window.run_steps(3);
}

fn shows(window: &Harness<'static, Window>, label: &str) -> bool {
    window.query_all_by_label(label).next().is_some()
}

#[test]
fn a_report_is_opened_read_asked_about_checked_exported_kept_and_removed() {
    let home = tempfile::tempdir().unwrap();
    let model = write_model(&home.path().join("model"), |_| ());
    let report = home.path().join("report.txt");
    write_report(&report, &pages(12));
    let settings = format!(r#"{{"model": {:?}}}"#, model.to_str().unwrap());
    let library = Library::new(&Directories::under(home.path()));
    library.keep_record(Record::Settings, settings.as_bytes()).unwrap();

    let mut first = window(home.path(), &[&report]);
    wait(&mut first, "the report to be open", |window| shows(window, "Ask") && shows(window, "Page 1"));
    wait(&mut first, "the report to be read", |window| {
        !shows(window, "Pause reading") && shows(window, "Go to page 1, read")
    });
    ask(&mut first);
    wait(&mut first, "an answer", |window| shows(window, "Copy answer 1"));
    let chip = first.query_all_by_label_contains("Show page ").next().expect("the answer cites nothing");
    let cited = chip.accesskit_node().label().unwrap_or_default();
    chip.click();
    first.run_steps(6);
    assert!(first.query_by_label("Back").is_some());

    for (name, part) in [
        ("talk.md", "## 1. How much did real GDP decline?"),
        ("talk.html", "<h2>1. How much did real GDP decline?</h2>"),
    ] {
        let path = home.path().join(name);
        first.state_mut().export_to(path.clone());
        wait(&mut first, "the file to be written", |window| shows(window, &format!("Exported to {}", path.display())));
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(part) && text.contains(&cited.replace("Show page", "Page")), "{text}");
        assert!(text.contains("report.txt"), "{text}");
    }
    let missing = home.path().join("no such folder/talk.md");
    first.state_mut().export_to(missing);
    wait(&mut first, "the error to be told", |window| {
        window.query_all_by_label_contains("no such folder").next().is_some()
    });
    drop(first);

    let kept = files(&home.path().join("data")).len() + files(&home.path().join("cache")).len();
    let mut second = window(home.path(), &[]);
    wait(&mut second, "the conversation to be there again", |window| shows(window, "Copy answer 1"));
    assert!(shows(&second, &cited));
    second.get_by_label("Library").click();
    second.run_steps(4);
    second.get_by_label("Search all reports and conversations").focus();
    second.run_steps(2);
    second.get_by_label("Search all reports and conversations").type_text("real GDP");
    wait(&mut second, "the conversation to be found", |window| shows(window, "1 match"));
    second.get_by_label("Search all reports and conversations").type_text(" ");
    drop(second);
    assert!(kept > 3, "nothing was kept");

    let mut third = window(home.path(), &[]);
    wait(&mut third, "the library as it was left", |window| shows(window, "1 match"));
    third.get_by_label("Search all reports and conversations").focus();
    third.run_steps(2);
    third.key_press_modifiers(eframe::egui::Modifiers::COMMAND, eframe::egui::Key::A);
    third.run_steps(2);
    third.key_press(eframe::egui::Key::Backspace);
    third.run_steps(4);
    third.get_by_label("Remove…").click();
    third.run_steps(4);
    third.get_by_label("Remove report").click();
    third.run_steps(4);
    drop(third);
    let left: Vec<String> = ["data", "cache"]
        .iter()
        .flat_map(|folder| files(&home.path().join(folder)))
        .filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()))
        .filter(|name| name != ".lock")
        .collect();
    assert_eq!(left, ["desk.json", "settings.json"]);
    assert!(report.exists(), "the file itself was removed");
}
