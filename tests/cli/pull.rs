//! `recto models pull` against a local hub: killed and resumed, through a proxy and around it, with a token and without.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::checkpoints::{entries, safetensors, t5_config};
use crate::hub_server::{Manner, Reply, Repository, Server};
use crate::stderr;
use crate::tiny_repository::{NAME, WEIGHTS, server, tiny_repository};

/// The length of the pieces that the program fetches.
const PIECE_BYTES: usize = 8 << 20;

/// `recto models pull` from this hub.
fn pull(home: &Path, hub: &str, arguments: &[&str]) -> Command {
    let mut command = crate::recto(home, &[&["models", "pull"], arguments].concat());
    command.env("HF_ENDPOINT", hub);
    // Neither the proxy nor the token of whoever runs this test.
    for name in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"] {
        command.env_remove(name);
    }
    for name in ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH", "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"] {
        command.env_remove(name);
    }
    command.env("HF_HOME", home);
    command
}

fn run(command: &mut Command) -> Output {
    command.output().unwrap()
}

/// A checkpoint of three pieces and a bit: the small one with a vocabulary of 100,000.
fn large_repository() -> Repository {
    let mut config = t5_config();
    for part in ["/decoder/vocab_size", "/encoder/text_config/vocab_size"] {
        *config.pointer_mut(part).unwrap() = json!(200_000);
    }
    if let Some(outer) = config.get_mut("vocab_size") {
        *outer = json!(200_000);
    }
    let mut repository = tiny_repository();
    repository.files.insert(WEIGHTS.to_owned(), safetensors(&entries(&config)));
    repository.files.insert("config.json".to_owned(), config.to_string().into_bytes());
    repository
}

#[test]
fn a_pull_that_is_killed_goes_on_where_it_was() {
    let home = tempfile::tempdir().unwrap();
    let repository = large_repository();
    let num_pieces = repository.files[WEIGHTS].len().div_ceil(PIECE_BYTES);
    assert!(num_pieces >= 4, "{num_pieces}");
    let is_open = Arc::new(AtomicBool::new(false));
    let gate = Arc::clone(&is_open);
    // The last piece does not come before the program was killed.
    let last = format!("bytes={}-", (num_pieces - 1) * PIECE_BYTES);
    let server = server(&repository, move |asked, reply| {
        let is_last = asked.field("range").is_some_and(|range| range.starts_with(&last));
        if is_last && !gate.load(Ordering::Relaxed) { reply.manner(Manner::Hang(1000)) } else { reply }
    });
    let mut killed = pull(home.path(), &server.url(), &[NAME, "--accept-licence"]);
    let mut killed = killed.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let journal =
        home.path().join(format!("cache/downloads-v1/org--tiny-model@0123456789ab.partial/{WEIGHTS}.journal"));
    let begun = Instant::now();
    // A line for the file, and one for each piece that is on the disk.
    while !std::fs::read_to_string(&journal).is_ok_and(|text| text.lines().count() == num_pieces) {
        assert!(begun.elapsed() < Duration::from_secs(60), "the pieces did not come");
        std::thread::sleep(Duration::from_millis(20));
    }
    killed.kill().unwrap();
    killed.wait().unwrap();
    assert!(!home.path().join("data/models-v1/tiny-model").exists(), "nothing is installed");

    is_open.store(true, Ordering::Relaxed);
    let before = server.seen().len();
    let output = run(&mut pull(home.path(), &server.url(), &[NAME, "--accept-licence"]));
    assert!(output.status.success(), "{}", stderr(&output));
    let after: Vec<_> = server.seen().split_off(before);
    let weights: Vec<_> = after.iter().filter(|asked| asked.is_for(WEIGHTS)).collect();
    assert_eq!(weights.len(), 1, "only the piece that was missing came");
    assert_eq!(after.len(), 2, "and the list of files");
    let installed = home.path().join("data/models-v1/tiny-model").join(WEIGHTS);
    assert!(std::fs::read(installed).unwrap() == repository.files[WEIGHTS]);
    assert!(!journal.parent().unwrap().exists(), "nothing is left of the download");
}

#[test]
fn a_proxy_is_asked_but_for_those_that_are_listed() {
    let repository = tiny_repository();
    let server = server(&repository, |_, reply| reply);
    for (variables, goes_by_proxy) in [
        (&[("http_proxy", "")][..], false),
        (&[("http_proxy", "PROXY")], true),
        (&[("ALL_PROXY", "PROXY")], true),
        (&[("https_proxy", "PROXY")], false),
        (&[("http_proxy", "PROXY"), ("NO_PROXY", "127.0.0.1")], false),
        (&[("http_proxy", "PROXY"), ("no_proxy", "hub.example,.example.org")], true),
    ] {
        let home = tempfile::tempdir().unwrap();
        let proxy = Server::proxy();
        let mut command = pull(home.path(), &server.url(), &[NAME, "--accept-licence"]);
        for (name, value) in variables {
            command.env(name, value.replace("PROXY", &proxy.url()));
        }
        let output = run(&mut command);
        assert!(output.status.success(), "{variables:?}: {}", stderr(&output));
        let address = server.url().replace("http://", "");
        let asked = proxy.seen();
        assert!(asked.iter().all(|asked| asked.path == address), "{variables:?}: {asked:?}");
        assert_eq!(!asked.is_empty(), goes_by_proxy, "{variables:?}");
    }
}

#[test]
fn a_gated_model_needs_a_token_from_one_of_its_places() {
    let repository = Repository { gated: true, ..tiny_repository() };
    let server = server(&repository, |asked, reply| match asked.field("authorization") {
        Some("Bearer hf_good") => reply,
        Some(_) => Reply::new(401),
        None if asked.path.starts_with("/api/") => reply,
        None => Reply::new(401).with("X-Error-Code", "GatedRepo"),
    });
    let home = tempfile::tempdir().unwrap();
    let pull =
        |name: &str, value: &str| run(pull(home.path(), &server.url(), &[NAME, "--accept-licence"]).env(name, value));
    let none = pull("X_UNUSED", "");
    assert_eq!(none.status.code(), Some(1));
    let said = stderr(&none);
    assert!(said.contains("needs an access token") && said.contains(&format!("{}/{NAME}", server.url())), "{said}");
    let wrong = pull("HF_TOKEN", "hf_wrong");
    assert!(stderr(&wrong).contains("rejected the access token") && !stderr(&wrong).contains("hf_wrong"));
    // The file that the hub's own programs keep it in.
    std::fs::write(home.path().join("token"), "hf_good\n").unwrap();
    let good = pull("X_UNUSED", "");
    assert!(good.status.success() && stderr(&good).contains("the Hugging Face token file"), "{}", stderr(&good));
    assert!(!stderr(&good).contains("hf_good"));
    let kept = std::fs::read_to_string(home.path().join("data/models-v1/tiny-model/recto.toml")).unwrap();
    assert!(!kept.contains("hf_good") && kept.contains(NAME), "{kept}");
}

#[test]
fn a_name_a_revision_and_the_licence_are_the_users() {
    let server = server(&tiny_repository(), |_, reply| reply);
    let home = tempfile::tempdir().unwrap();
    let pull = |arguments: &[&str]| run(&mut pull(home.path(), &server.url(), arguments));
    let refused = pull(&[NAME]);
    let said = stderr(&refused);
    assert_eq!(refused.status.code(), Some(1));
    assert!(said.contains("Gemma Terms of Use") && said.contains("--accept-licence"), "{said}");
    let good = pull(&[NAME, "--revision", "v1", "--name", "mine", "--accept-licence"]);
    assert!(good.status.success(), "{}", stderr(&good));
    assert!(String::from_utf8_lossy(&good.stdout).starts_with("Installed mine: T5Gemma 2"));
    for (arguments, reason) in [
        (&[NAME, "--revision", "v9"][..], "no revision `v9`"),
        (&["org/../x"], "is not a valid repository name"),
        (&["org/absent"], "org/absent does not exist"),
        (&["absent"], "unknown model `absent`"),
    ] {
        let output = pull(arguments);
        assert!(stderr(&output).contains(reason), "{arguments:?}: {}", stderr(&output));
    }
}
