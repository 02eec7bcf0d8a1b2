//! From an empty window to a first answer: what fits this computer, and each way to a model.

use std::path::PathBuf;

use app::services::models::{Fetch, FoundModel, ModelCommand, ModelEvent, ModelInventory, OfferedModel, Speed, Wanted};
use app::window::{Start, Window};
use eframe::egui::OutputCommand;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use engine::protocol::{Command, DeviceChoice, ErrorReport};

use crate::flows::{services, start_window};
use crate::scripted::{ScriptedEngine, ScriptedLibrary, ScriptedModels, ScriptedViewer, answer, bulletin};

const SAMPLE: &str = "/usr/share/recto/sample/treasury_bulletin_2025_06.pdf";
const GATE: &str = "https://huggingface.co/google/t5gemma-2-270m-270m";
const GB: u64 = 1_000_000_000;

/// Models as the catalogue offers them.
pub(crate) fn offered() -> Vec<OfferedModel> {
    let model = |name: &str, label: &str, download_bytes: u64, memory_bytes: u64| OfferedModel {
        name: name.into(),
        family: "T5Gemma 2".into(),
        label: label.into(),
        can: vec!["sees charts and figures".into(), "reads a report once".into()],
        download_bytes,
        disk_bytes: download_bytes + GB,
        memory_bytes,
        licence: "Gemma Terms of Use".into(),
        licence_address: "https://ai.google.dev/gemma/terms".into(),
        notice: "Gemma is provided under its terms".into(),
        gate: Some(GATE.into()),
    };
    vec![
        OfferedModel {
            family: "Starter".into(),
            can: vec!["answers about text, often wrong".into(), "needs no account".into()],
            gate: None,
            ..model("starter", "Gemma 3 270M", 238_175_024, GB)
        },
        model("t5gemma-2-270m-270m", "270M-270M", 1_606_000_000, 2_500_000_000),
        model("t5gemma-2-1b-1b", "1B-1B", 4_266_000_000, 5 * GB),
        model("t5gemma-2-4b-4b", "4B-4B", 15_052_000_000, 14 * GB),
    ]
}

/// What a fresh computer with 8 GB of memory has.
pub(crate) fn inventory() -> ModelInventory {
    ModelInventory {
        offered: offered(),
        processor: "A processor, 8 threads".into(),
        memory_bytes: Some(8 << 30),
        free_bytes: Some(100 * GB),
        devices: vec![(DeviceChoice::Cpu, None)],
        tokens_address: "https://huggingface.co/settings/tokens".into(),
        ..ModelInventory::default()
    }
}

struct Parts {
    engine: ScriptedEngine,
    viewer: ScriptedViewer,
    models: ScriptedModels,
    window: Harness<'static, Window>,
}

fn first_start() -> Parts {
    let (engine, viewer, models) = (ScriptedEngine::default(), ScriptedViewer::default(), ScriptedModels::default());
    let services = services(&ScriptedLibrary::default(), &engine, &viewer, &models);
    let mut window = start_window(services, Start { sample: Some(SAMPLE.into()), ..Start::default() });
    models.tell(ModelEvent::Listed(inventory()));
    window.run_steps(4);
    Parts { engine, viewer, models, window }
}

impl Parts {
    fn press(&mut self, label: &str) {
        self.window.get_by_label(label).click_accesskit();
        self.window.run_steps(4);
    }

    fn tell(&mut self, event: ModelEvent) {
        self.models.tell(event);
        self.window.run_steps(4);
    }

    fn says(&self, words: &str) -> bool {
        self.window.query_by_label_contains(words).is_some()
    }

    fn last(&self) -> ModelCommand {
        self.models.commands().last().cloned().expect("no command was sent to the model service")
    }

    fn write(&mut self, label: &str, text: &str) {
        self.window.get_by_label(label).focus();
        self.window.run_steps(2);
        self.window.get_by_label(label).type_text(text);
        self.window.run_steps(4);
    }

    /// Tells that a model was installed, and which ones there are then.
    fn install(&mut self, name: &str) {
        self.tell(ModelEvent::Installed(name.to_owned()));
        assert_eq!(self.last(), ModelCommand::List);
        let installed = app::services::models::InstalledModel {
            name: name.to_owned(),
            kind: "T5Gemma 2".into(),
            adapter: None,
            has_eyes: true,
            bytes: GB,
            is_default: true,
            problem: None,
        };
        self.tell(ModelEvent::Listed(ModelInventory { installed: vec![installed], ..inventory() }));
    }

    /// Tries the model on the sample report, up to its answer.
    fn answer_on_sample(&mut self) {
        self.press("Try it on the sample report");
        let Some(Command::Read { job, .. }) = self.engine.commands().first().cloned() else {
            panic!("nothing was read")
        };
        assert_eq!(job.sources[0].path, PathBuf::from(SAMPLE));
        self.viewer.open(82);
        self.engine.finish(bulletin());
        self.window.run_steps(6);
        let Some(Command::Ask { job, .. }) = self.engine.commands().last().cloned() else {
            panic!("nothing was asked")
        };
        assert!(job.question.contains("real GDP"), "{}", job.question);
        self.engine.finish(answer("By 0.3 percent."));
        self.window.run_steps(6);
        assert!(self.says("By 0.3 percent."));
    }
}

fn fetch(name: &str) -> Fetch {
    Fetch { what: Wanted::Offered(name.into()), token: None, keeps_token: false }
}

#[test]
fn the_first_screen_offers_what_fits_and_says_of_the_rest_why_it_does_not() {
    let parts = first_start();
    assert!(parts.says("Drop a report here"));
    assert!(parts.says("This computer has 8 GB of memory and 100 GB of free disk space"));
    assert!(parts.says("Answers about text, often wrong; needs no account"));
    assert!(parts.says("Sees charts and figures; reads a report once"));
    assert!(parts.window.query_by_label("Download T5Gemma 2 1B-1B…").is_some());
    assert!(parts.window.query_by_label("Download T5Gemma 2 4B-4B…").is_none());
    assert!(parts.says("Needs 14 GB of memory; this computer has 8 GB"));
    let asked: Vec<_> = parts.models.commands();
    assert_eq!(asked, [ModelCommand::List], "nothing is measured, looked for or downloaded by itself");
}

#[test]
fn the_starter_leads_to_a_first_answer() {
    let mut parts = first_start();
    parts.press("Download Starter Gemma 3 270M…");
    assert!(parts.says("Gemma is provided under its terms"));
    assert!(!parts.says("token"), "no account is needed");
    parts.press("Accept the Gemma Terms of Use and download 238 MB");
    assert_eq!(parts.last(), ModelCommand::Fetch(fetch("starter")));
    let (name, stage) = ("starter".to_owned(), "Downloading");
    parts.tell(ModelEvent::Progress { name, stage, done_bytes: 100_000_000, total_bytes: 238_000_000 });
    assert!(parts.says("Downloading starter: 100 MB of 238 MB"));
    parts.install("starter");
    assert!(parts.says("starter is installed"));
    assert!(!parts.says("Choose a model"), "there is one");
    parts.answer_on_sample();
}

#[test]
fn a_model_that_is_given_out_on_request_wants_a_token_which_is_typed_unseen() {
    let mut parts = first_start();
    parts.press("Download T5Gemma 2 270M-270M…");
    assert_eq!(parts.last(), ModelCommand::LookForToken);
    parts.tell(ModelEvent::Token(None));
    let accept = "Accept the Gemma Terms of Use and download 1.6 GB";
    let is_off = |parts: &Parts| {
        use egui_kittest::kittest::NodeT as _;
        parts.window.get_by_label(accept).accesskit_node().is_disabled()
    };
    assert!(is_off(&parts), "it cannot go on without a token");
    parts.press("1. Accept the terms");
    let opened = |command: &OutputCommand| matches!(command, OutputCommand::OpenUrl(open) if open.url == GATE);
    parts.window.get_by_label("1. Accept the terms").click_accesskit();
    parts.window.step();
    assert!(parts.window.output().platform_output.commands.iter().any(opened));
    parts.write("3. Access token", "hf_secret");
    assert!(!parts.says("hf_secret"), "it is shown");
    assert!(!is_off(&parts));
    parts.press("Save in the system keyring");
    parts.press(accept);
    let expected = Fetch { token: Some("hf_secret".into()), keeps_token: true, ..fetch("t5gemma-2-270m-270m") };
    assert_eq!(parts.last(), ModelCommand::Fetch(expected));
    parts.install("t5gemma-2-270m-270m");
    parts.answer_on_sample();
}

#[test]
fn a_token_that_is_there_is_used_and_said_so() {
    let mut parts = first_start();
    parts.press("Download T5Gemma 2 1B-1B…");
    parts.tell(ModelEvent::Token(Some("the environment")));
    assert!(parts.says("Uses the token in the environment"));
    assert!(parts.window.query_by_label("3. Access token").is_none());
    parts.press("Accept the Gemma Terms of Use and download 4.3 GB");
    assert_eq!(parts.last(), ModelCommand::Fetch(fetch("t5gemma-2-1b-1b")));
}

#[test]
fn a_download_that_fails_says_why_and_is_tried_again() {
    let mut parts = first_start();
    parts.press("Download Starter Gemma 3 270M…");
    parts.press("Accept the Gemma Terms of Use and download 238 MB");
    let report = ErrorReport { message: "it is not open to this account yet".into(), hint: Some("ask for it".into()) };
    parts.tell(ModelEvent::Failed { report, address: Some(GATE.into()) });
    assert!(parts.says("It is not open to this account yet") && parts.says("ask for it"));
    assert!(parts.window.query_by_label("Open the page").is_some());
    parts.press("Try again");
    assert_eq!(parts.last(), ModelCommand::Fetch(fetch("starter")));
    assert!(!parts.says("It is not open to this account yet"));
    parts.press("Cancel");
    assert_eq!(parts.last(), ModelCommand::Cancel);
    parts.tell(ModelEvent::Ended);
    assert!(parts.says("The next download resumes it"));
}

#[test]
fn any_repository_can_be_named_with_a_revision() {
    let mut parts = first_start();
    parts.press("From Hugging Face…");
    parts.tell(ModelEvent::Token(None));
    parts.write("Repository", "someone/t5gemma-2-tuned");
    parts.write("Branch, tag or commit", "v2");
    parts.press("Look up");
    let wanted = |revision: &str| Fetch {
        what: Wanted::Repository { id: "someone/t5gemma-2-tuned".into(), revision: Some(revision.into()) },
        ..fetch("")
    };
    assert_eq!(parts.last(), ModelCommand::LookUp(wanted("v2")));
    let found = FoundModel {
        fetch: wanted("0123456789abcdef"),
        download_bytes: 900_000_000,
        licence: "apache-2.0".into(),
        licence_address: "https://huggingface.co/someone/t5gemma-2-tuned".into(),
        notice: "Its publisher gives it out under the licence apache-2.0".into(),
    };
    parts.tell(ModelEvent::AsksToFetch(found));
    assert!(parts.says("under the licence apache-2.0"), "the licence is shown first");
    parts.press("Accept the apache-2.0 and download 900 MB");
    assert_eq!(parts.last(), ModelCommand::Fetch(wanted("0123456789abcdef")));
    assert!(parts.says("Downloading someone/t5gemma-2-tuned…"));
    parts.install("t5gemma-2-tuned");
    parts.answer_on_sample();
}

#[test]
fn speeds_are_estimated_when_that_is_asked_for() {
    let mut parts = first_start();
    assert!(!parts.says("pages a minute"));
    parts.press("Estimate speeds");
    assert_eq!(parts.last(), ModelCommand::Estimate(DeviceChoice::Cpu));
    assert!(parts.says("Estimating for ten seconds…"));
    let speed =
        |pages_per_min, figure_secs, wait_secs| Speed { pages_per_min, figure_secs, wait_secs, words_per_sec: 9.0 };
    let speeds = vec![
        ("starter".to_owned(), speed(None, None, 4.2)),
        ("t5gemma-2-270m-270m".to_owned(), speed(Some(43.1), Some(55.0), 0.1)),
    ];
    parts.tell(ModelEvent::Estimated { device: DeviceChoice::Cpu, speeds });
    assert!(parts.says("Would begin to answer after about 4 s here"));
    assert!(parts.says("Would read about 43 pages a minute here, and look at a figure in about 55 s"));
}

#[test]
fn without_a_sample_report_none_is_offered() {
    let (engine, viewer, models) = (ScriptedEngine::default(), ScriptedViewer::default(), ScriptedModels::default());
    let services = services(&ScriptedLibrary::default(), &engine, &viewer, &models);
    let window = start_window(services, Start::default());
    let mut parts = Parts { engine, viewer, models, window };
    parts.install("starter");
    assert!(parts.says("starter is installed"));
    assert!(parts.window.query_by_label("Try it on the sample report").is_none());
    parts.press("Not now");
    assert!(!parts.says("starter is installed"));
}
