//! What each released version left on disk, opened by the present program: report, conversation and place are there.

use std::path::{Path, PathBuf};

use app::window::Start;
use egui_kittest::kittest::Queryable as _;
use engine::protocol::Command;
use engine::store::Directories;
use engine::store::library::Library;
use recto_tests::repository;

use crate::flows::{helpers, start_window};
use crate::library_on_disk::{files, librarian};
use crate::scripted::{ScriptedEngine, ScriptedLibrarian, ScriptedModels, ScriptedViewer};

/// The report of the fixtures, by its content.
const HASH: &str = "6689e34b7e11dbd1c2d33e3063da6fe8acd089fc4f11bf798c07fca25e34b936";

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
        let mut helpers = helpers(&ScriptedLibrarian::default(), &engine, &viewer, &ScriptedModels::default());
        helpers.librarian = Box::new(librarian(home.path()));
        let mut window = start_window(helpers, Start::default());
        let is_there = |window: &egui_kittest::Harness<'static, app::window::Window>| {
            window.query_by_label("by 4.2 percent").is_some()
        };
        for _ in 0..200 {
            window.run_steps(2);
            if is_there(&window) {
                break;
            }
            // The librarian is a thread that reads from the disk.
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        assert!(is_there(&window), "{}: the conversation is not there", release.display());
        assert!(window.query_by_label("By how much did net receipts fall?").is_some(), "{}", release.display());
        let Some(Command::Read { job, .. }) = engine.commands().first().cloned() else { panic!("nothing was opened") };
        assert_eq!(job.sources[0].path, PathBuf::from("/srv/reports/notes.txt"));
        drop(window);
        let names: Vec<_> = files(home.path()).into_iter().map(|path| path.display().to_string()).collect();
        assert!(!names.iter().any(|name| name.contains("damaged")), "{names:?}");
    }
}
