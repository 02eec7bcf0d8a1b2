//! What each released version left on disk, opened by the present program: report, conversation and place are there.

use std::path::{Path, PathBuf};
use std::time::Duration;

use app::window::Start;
use egui_kittest::kittest::Queryable as _;
use engine::protocol::Command;
use engine::store::Directories;
use engine::store::library::Library;
use recto_tests::repository;

use crate::flows::{services, start_window};
use crate::library_on_disk::{files, library};
use crate::scripted::{ScriptedEngine, ScriptedLibrary, ScriptedModels, ScriptedViewer};

/// The report of the fixtures, by its content.
const HASH: &str = "6689e34b7e11dbd1c2d33e3063da6fe8acd089fc4f11bf798c07fca25e34b936";

/// How often, and how long, the library is waited for.
const TRIES: usize = 200;
const PAUSE: Duration = Duration::from_millis(20);

/// Draws until something is so.
fn patiently(window: &mut egui_kittest::Harness<'static, app::window::Window>, is_so: impl Fn() -> bool) {
    for _ in 0..TRIES {
        window.run_steps(2);
        if is_so() {
            return;
        }
        std::thread::sleep(PAUSE);
    }
}

/// Releases of which there is a fixture.
fn releases() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(repository().join("tests/fixtures/data")).unwrap();
    let mut releases: Vec<_> = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    releases.sort();
    releases
}

/// A home as that release left it.
fn home_of(release: &Path) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    for file in files(release) {
        let place = home.path().join("data").join(file.strip_prefix(release).unwrap());
        std::fs::create_dir_all(place.parent().unwrap()).unwrap();
        std::fs::copy(&file, place).unwrap();
    }
    home
}

#[test]
fn report_conversation_and_place_are_there_after_an_upgrade() {
    assert!(!releases().is_empty());
    for release in releases() {
        let home = home_of(&release);
        let text = Library::new(&Directories::under(home.path())).text(HASH).expect("the report's text is kept");
        assert!(text.pages[0].text.contains("4.2 percent"), "{}", release.display());

        let (engine, viewer) = (ScriptedEngine::default(), ScriptedViewer::default());
        let mut services = services(&ScriptedLibrary::default(), &engine, &viewer, &ScriptedModels::default());
        services.library = Box::new(library(home.path()));
        let mut window = start_window(services, Start::default());
        // The library is a thread that reads from the disk.
        patiently(&mut window, || engine.commands().iter().any(|command| matches!(command, Command::Read { .. })));
        let Some(Command::Read { job, .. }) = engine.commands().first().cloned() else { panic!("nothing was opened") };
        assert_eq!(job.sources[0].path, PathBuf::from("/srv/reports/notes.txt"));
        viewer.open_as(1, HASH, "notes.txt");
        for _ in 0..TRIES {
            window.run_steps(2);
            if window.query_by_label("By how much did net receipts fall?").is_some() {
                break;
            }
            std::thread::sleep(PAUSE);
        }
        for label in ["By how much did net receipts fall?", "1 question", "Page 1"] {
            assert!(window.query_all_by_label(label).next().is_some(), "{}: no {label:?}", release.display());
        }
        let answer = window.query_all_by_label_contains("percent").next();
        assert!(answer.is_some(), "{}: the answer is not there", release.display());
        drop(window);
        let names: Vec<_> = files(home.path()).into_iter().map(|path| path.display().to_string()).collect();
        assert!(!names.iter().any(|name| name.contains("damaged")), "{names:?}");
    }
}
