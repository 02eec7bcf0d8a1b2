//! Texts of files and file names that act on a terminal: nothing of them gets there as it is, and nothing is endless.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use candle_core::quantized::GgmlDType;
use candle_core::quantized::gguf_file::Value;
use engine::cancel::CancelToken;
use engine::diagnostic::{Diagnostic, Hint};
use engine::document::{OpenOptions, open};
use engine::protocol::ErrorReport;

use crate::checkpoints;
use crate::gguf::Draft;

/// Clears the screen, forges a line, turns text around.
const HOSTILE: &str = "x\u{1b}[2J\u{9b}31m\nerror: forged\r\u{202e}\u{2066}";

/// What `recto` prints with these arguments, both streams.
fn printed(home: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_recto-under-test"));
    let output = command.args(arguments).env("RECTO_HOME", home).stdin(Stdio::null()).output().unwrap();
    [output.stdout, output.stderr].map(|stream| String::from_utf8(stream).unwrap()).concat()
}

fn assert_harmless(what: &str, text: &str) {
    let acts =
        |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    assert!(!text.contains(acts), "{what}: {text:?}");
    assert!(!text.lines().any(|line| line.starts_with("error: forged")), "{what}: {text}");
    assert!(text.chars().count() < 6_000, "{what}: {} characters", text.chars().count());
}

fn config(folder: &Path, model_type: &str) -> PathBuf {
    let folder = checkpoints::t5(folder);
    let mut config = checkpoints::t5_config();
    config["model_type"] = model_type.into();
    std::fs::write(folder.join("config.json"), config.to_string()).unwrap();
    folder
}

#[test]
fn texts_of_model_files_are_escaped_and_short() {
    let home = tempfile::tempdir().unwrap();
    let at = |name: &str| home.path().join(name);
    let long = format!("{HOSTILE}{}", "y".repeat(3_000_000));
    let mut architecture = Draft::new(GgmlDType::Q8_0);
    architecture.metadata.insert("general.architecture".to_owned(), Value::String(HOSTILE.to_owned()));
    architecture.write(&at("architecture.gguf"));
    let tensor = |stored: &str, path: &Path| {
        let header =
            serde_json::json!({ stored: { "dtype": HOSTILE, "shape": [4], "data_offsets": [0, 16] } }).to_string();
        std::fs::write(path, [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &[0; 16]].concat()).unwrap();
    };
    tensor(HOSTILE, &at("tensor.safetensors"));
    tensor(&long, &at("long.safetensors"));
    let files = [
        at("architecture.gguf"),
        at("tensor.safetensors"),
        at("long.safetensors"),
        config(&at("type"), HOSTILE),
        config(&at("long-type"), &"z".repeat(900_000)),
    ];
    for file in files {
        let text = printed(home.path(), &["models", "add", file.to_str().unwrap()]);
        assert!(text.starts_with("error: "), "{text}");
        assert_harmless(file.to_str().unwrap(), &text);
    }
}

#[cfg(unix)]
#[test]
fn file_names_are_escaped() {
    let home = tempfile::tempdir().unwrap();
    let document = home.path().join(format!("{HOSTILE}.txt"));
    std::fs::write(&document, format!("A line of text {HOSTILE}.\n")).unwrap();
    let document = document.to_str().unwrap();
    let missing = format!("{document}.pdf");
    for arguments in [
        vec!["read", document, "--plan"],
        vec!["read", &missing],
        vec!["ask", &missing, "Why?"],
        vec!["models", "add", document],
        vec!["models", "verify", HOSTILE],
        vec!["models", "adapt", HOSTILE, document],
    ] {
        let text = printed(home.path(), &arguments);
        assert!(!text.is_empty(), "{arguments:?}");
        assert_harmless(&format!("{arguments:?}"), &text);
    }
}

#[test]
fn what_the_window_is_told_is_fit_to_be_shown() {
    #[derive(Debug)]
    struct Holds(String);
    impl std::fmt::Display for Holds {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(f, "it holds {}", self.0)
        }
    }
    impl std::error::Error for Holds {}
    impl Hint for Holds {
        fn hint(&self) -> Option<String> {
            Some(format!("remove {}", self.0))
        }
        fn details(&self) -> Option<String> {
            Some(format!("1\n2 {}", self.0))
        }
    }
    let report = ErrorReport::of(&Holds(HOSTILE.to_owned()));
    let warnings = [Diagnostic::general(HOSTILE), Diagnostic::on_page(1, HOSTILE)].map(|warning| warning.to_string());
    assert_harmless("report", &report.message);
    assert!(!report.message.contains('\n') && warnings.iter().all(|warning| !warning.contains('\n')));
    for warning in &warnings {
        assert_harmless("warning", warning);
    }
    assert!(report.details.unwrap().starts_with("1\n2 x"));
}

#[cfg(unix)]
#[test]
fn a_documents_name_is_fit_to_be_shown_and_its_text_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fdp\u{202e}txt.txt");
    std::fs::write(&path, "costs \u{202e}00.5\u{202c} today\n").unwrap();
    let mut document = open(&path, OpenOptions::default()).unwrap();
    assert_eq!(document.info().name, r"fdp\u{202e}txt.txt");
    let read = document.read_pages(&[], &mut |_| (), &CancelToken::default()).unwrap();
    assert!(read.value.pages[0].lines[0].text.contains('\u{202e}'), "stored as it is");
}
