//! Fetching from the hub: a server of this machine that misbehaves in every way the real one, a proxy, or the line might.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use engine::cancel::CancelToken;
use engine::diagnostic::Hint as _;
use engine::hub::{
    Endpoint, HubError, HubRequest, Progress, PullOptions, Pulled, Stage, Transfer, find_on_hub, pull_from_hub,
};
use engine::store::Directories;
use engine::store::models::{Manifest, ModelKind, ModelStore};

use crate::hub_server::{Asked, COMMIT, Manner, Reply, Repository, Server};
use crate::tiny_repository::{NAME, WEIGHTS, server, tiny_repository};

/// What a test makes of an answer.
type Change = Box<dyn Fn(&Asked, Reply) -> Reply + Send + Sync>;

/// Patience for tests: everything that takes seconds elsewhere takes a fraction of one here.
pub(crate) fn transfer() -> Transfer {
    Transfer {
        connect: Duration::from_secs(5),
        answer: Duration::from_millis(300),
        stall: Duration::from_millis(500),
        least_bytes: 64,
        piece_bytes: 256 << 10,
        connections: 4,
        retries: 3,
        pause: Duration::from_millis(5),
        longest_pause: Duration::from_secs(2),
    }
}

pub(crate) struct Place {
    _root: tempfile::TempDir,
    pub(crate) directories: Directories,
    pub(crate) store: ModelStore,
}

impl Place {
    pub(crate) fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let directories = Directories::under(root.path());
        let store = ModelStore::new(&directories);
        Self { _root: root, directories, store }
    }

    pub(crate) fn options(server: &Server) -> PullOptions {
        PullOptions {
            licence_accepted: true,
            endpoint: Some(Endpoint::parse(&server.url()).unwrap()),
            transfer: transfer(),
            ..PullOptions::default()
        }
    }

    pub(crate) fn pull_with(
        &self,
        options: &PullOptions,
        cancel: &CancelToken,
        observe: &mut dyn FnMut(Progress),
    ) -> Result<Pulled, HubError> {
        let request = HubRequest { repository: NAME.to_owned(), revision: options.revision.clone(), file: None };
        let model = find_on_hub(&request, options, cancel)?;
        pull_from_hub(&model, &self.directories, options, cancel, observe)
    }

    pub(crate) fn pull(&self, server: &Server) -> Result<Pulled, HubError> {
        self.pull_with(&Self::options(server), &CancelToken::default(), &mut |_| ())
    }

    pub(crate) fn downloads(&self) -> PathBuf {
        self.directories.cache().join("downloads-v1")
    }

    /// Names of what is left of downloads, but for the lock.
    pub(crate) fn left(&self) -> Vec<String> {
        let mut left = Vec::new();
        for folder in std::fs::read_dir(self.downloads()).into_iter().flatten().flatten() {
            for file in std::fs::read_dir(folder.path()).into_iter().flatten().flatten() {
                left.push(file.file_name().into_string().unwrap());
            }
        }
        left.sort_unstable();
        left
    }

    pub(crate) fn assert_nothing_installed(&self, why: &str) {
        assert_eq!(self.store.list().unwrap(), [], "{why}");
    }

    pub(crate) fn assert_installed(&self, repository: &Repository, why: &str) {
        let folder = self.store.root().join("tiny-model");
        for name in ["README.md", "config.json", WEIGHTS, "tokenizer.json"] {
            assert!(std::fs::read(folder.join(name)).unwrap() == repository.files[name], "{why}: {name}");
        }
        assert!(self.store.verify("tiny-model", &CancelToken::default(), &mut |_| ()).unwrap().is_empty(), "{why}");
        assert_eq!(self.left(), [""; 0], "{why}");
    }
}

pub(crate) fn installed(result: Result<Pulled, HubError>, why: &str) -> Manifest {
    match result {
        Ok(Pulled::Installed(manifest)) => manifest,
        other => panic!("{why}: {other:?}"),
    }
}

#[test]
fn a_model_is_fetched_in_pieces_side_by_side_checked_and_installed() {
    let (place, repository) = (Place::new(), tiny_repository());
    let server = server(&repository, |_, reply| {
        std::thread::sleep(Duration::from_millis(5));
        reply
    });
    let mut seen = Vec::new();
    let pulled =
        place.pull_with(&Place::options(&server), &CancelToken::default(), &mut |progress| seen.push(progress));
    let manifest = installed(pulled, "good");
    assert_eq!((manifest.kind, manifest.name.as_str()), (ModelKind::T5Gemma2, "tiny-model"));
    assert!(manifest.source.starts_with(&format!("{NAME} at {COMMIT} from 127.0.0.1")), "{}", manifest.source);
    assert!(manifest.licence.contains("Gemma Terms of Use"), "{}", manifest.licence);
    place.assert_installed(&repository, "good");
    for stage in [Stage::Download, Stage::Copy] {
        let of_stage: Vec<_> = seen.iter().filter(|progress| progress.stage == stage).collect();
        assert!(of_stage.is_sorted_by_key(|progress| progress.done_bytes), "{stage:?}");
        assert_eq!(of_stage.last().unwrap().done_bytes, of_stage[0].total_bytes, "{stage:?}");
    }
    assert!((2..=4).contains(&server.most_at_once()), "{}", server.most_at_once());
    assert_eq!(server.count(WEIGHTS), repository.files[WEIGHTS].len().div_ceil(256 << 10), "once for each piece");
    assert_eq!(server.count("optimizer.bin") + server.count("sub/config.json"), 0);
    // Whoever asks again is told that it is there, and only the list of files was fetched for that.
    let asked = server.seen().len();
    assert_eq!(place.pull(&server).unwrap(), Pulled::AlreadyThere(manifest));
    assert_eq!(server.seen().len(), asked + 1);
}

#[test]
fn troubles_that_pass_end_well() {
    let repository = tiny_repository();
    let other_state = Repository { tag: "\"state-2\"".to_owned(), ..repository.clone() };
    let first = |asked: &Asked| asked.is_for(WEIGHTS) && asked.before == 0;
    let changes: Vec<(&str, Change)> = vec![
        (
            "cut off",
            Box::new(move |asked, reply| {
                if asked.is_for(WEIGHTS) && asked.before % 4 == 1 { reply.manner(Manner::Cut(1000)) } else { reply }
            }),
        ),
        (
            "hangs in the middle",
            Box::new(move |asked, reply| {
                if asked.is_for(WEIGHTS) && asked.before == 2 { reply.manner(Manner::Hang(70_000)) } else { reply }
            }),
        ),
        ("hangs up", Box::new(move |asked, reply| if first(asked) { reply.manner(Manner::Nothing) } else { reply })),
        ("in chunks", Box::new(|_, reply| reply.manner(Manner::Chunked))),
        (
            "busy",
            Box::new(
                move |asked, reply| if asked.before < 2 && !asked.is_for(WEIGHTS) { Reply::new(503) } else { reply },
            ),
        ),
        (
            "later, in seconds",
            Box::new(move |asked, reply| if first(asked) { Reply::new(429).with("Retry-After", "1") } else { reply }),
        ),
        (
            "later, by date",
            Box::new(move |asked, reply| {
                if first(asked) { Reply::new(429).with("Retry-After", "Wed, 25 Nov 2015 09:16:45 GMT") } else { reply }
            }),
        ),
        (
            "ranges ignored",
            Box::new(move |asked, reply| {
                let whole = Asked { fields: [].into(), ..asked.clone() };
                if asked.is_for(WEIGHTS) { tiny_repository().answer(&whole) } else { reply }
            }),
        ),
        (
            "ranges ignored, and cut",
            Box::new(move |asked, reply| {
                let whole = Asked { fields: [].into(), ..asked.clone() };
                match asked.before {
                    _ if !asked.is_for(WEIGHTS) => reply,
                    0 => tiny_repository().answer(&whole).manner(Manner::Cut(1_000_000)),
                    _ => tiny_repository().answer(&whole),
                }
            }),
        ),
        (
            "without a tag",
            Box::new(|_, mut reply| {
                reply.fields.retain(|(name, _)| name != "ETag");
                reply
            }),
        ),
        (
            "changed once",
            Box::new(
                move |asked, reply| {
                    if asked.is_for(WEIGHTS) && asked.before >= 3 { other_state.answer(asked) } else { reply }
                },
            ),
        ),
        (
            "redirected on the same host",
            Box::new(|asked, reply| match asked.path.strip_prefix("/moved") {
                Some(path) => tiny_repository().answer(&Asked { path: path.to_owned(), ..asked.clone() }),
                None if asked.is_for(WEIGHTS) => Reply::new(307).with("Location", format!("/moved{}", asked.path)),
                None => reply,
            }),
        ),
    ];
    for (what, change) in changes {
        let place = Place::new();
        let server = server(&repository, change);
        let begun = Instant::now();
        installed(place.pull(&server), what);
        place.assert_installed(&repository, what);
        if what == "later, in seconds" {
            assert!(begun.elapsed() >= Duration::from_secs(1), "{what}: {:?}", begun.elapsed());
        }
    }
}

/// A trouble that stays: what is said of it, a part of the hint, and how it comes about.
type Staying = (&'static str, &'static str, Change);

fn refuse(status: u16) -> Change {
    Box::new(move |asked, reply| if asked.is_for(WEIGHTS) { Reply::new(status) } else { reply })
}

fn of_weights(change: fn(&Asked, Reply) -> Reply) -> Change {
    Box::new(move |asked, reply| if asked.is_for(WEIGHTS) { change(asked, reply) } else { reply })
}

fn of_list(change: fn(&Asked, Reply) -> Reply) -> Change {
    Box::new(move |asked, reply| if asked.path.starts_with("/api/") { change(asked, reply) } else { reply })
}

fn troubles_with_a_file() -> Vec<Staying> {
    vec![
        ("needs an access token", "create a read token", refuse(401)),
        ("has no access to org/tiny-model", "accept the licence", refuse(403)),
        ("org/tiny-model does not exist", "check the name", refuse(404)),
        ("responded with status 500", "later", refuse(500)),
        ("responded with status 418", "later", refuse(418)),
        (
            "is limiting requests; retry in 86400 seconds",
            "HF_TOKEN",
            of_weights(|_, _| Reply::new(429).with("Retry-After", "86400")),
        ),
        ("was lost", "resume", of_weights(|_, reply| reply.manner(Manner::Cut(10)))),
        ("was lost", "resume", of_weights(|_, reply| reply.manner(Manner::Nothing))),
        ("has sent almost no data", "check your connection", of_weights(|_, reply| reply.manner(Manner::Hang(0)))),
        (
            "has sent almost no data",
            "check your connection",
            of_weights(|_, reply| reply.manner(Manner::Drip(Duration::from_millis(20)))),
        ),
        (
            "but \"bytes 0-262143/2699392\" was requested",
            "HF_ENDPOINT",
            of_weights(|_, reply| reply.with("Content-Range", "bytes 5-262148/2699392")),
        ),
        (
            "but \"bytes 0-262143/2699392\" was requested",
            "HF_ENDPOINT",
            of_weights(|_, reply| reply.with("Content-Range", "bytes 0-262143/2699393")),
        ),
        (
            "unexpected response",
            "HF_ENDPOINT",
            of_weights(|_, mut reply| {
                reply.body.extend_from_slice(b"more");
                reply
            }),
        ),
        (
            "sent more than was requested",
            "HF_ENDPOINT",
            of_weights(|_, mut reply| {
                reply.body.extend_from_slice(b"more");
                reply.manner(Manner::Chunked)
            }),
        ),
        (
            "the file changed during",
            "try again",
            of_weights(|asked, reply| {
                let tag = format!("\"state-{}\"", asked.before);
                if reply.status == 206 { reply.with("ETag", tag) } else { reply }
            }),
        ),
        (
            "more than 8 redirects",
            "try again",
            of_weights(|asked, _| Reply::new(302).with("Location", asked.path.clone())),
        ),
        ("a redirect without a valid address", "try again", of_weights(|_, _| Reply::new(302))),
        (
            "a redirect without a valid address",
            "try again",
            of_weights(|_, _| Reply::new(302).with("Location", "file:///etc/passwd")),
        ),
        (
            "an unencrypted connection",
            "try again",
            of_weights(|_, _| Reply::new(302).with("Location", "http://192.0.2.1/x")),
        ),
        ("its header is too long", "HF_ENDPOINT", of_weights(|_, reply| reply.with("X-Long", "x".repeat(100_000)))),
    ]
}

fn troubles_with_the_list() -> Vec<Staying> {
    vec![
        ("unexpected response", "HF_ENDPOINT", of_list(|_, _| Reply::new(200).body("<html>Please log in"))),
        ("longer than 8388608 bytes", "HF_ENDPOINT", of_list(|_, _| Reply::new(200).body(vec![b' '; 9 << 20]))),
        ("names no commit", "HF_ENDPOINT", of_list(|_, _| Reply::new(200).body(r#"{"sha": "../..", "siblings": []}"#))),
        (
            "has no model that Recto can run: it has no weights",
            "T5Gemma 2",
            of_list(|_, _| {
                Reply::new(200)
                    .body(format!(r#"{{"sha": "{COMMIT}", "siblings": [{{"rfilename": "pytorch_model.bin"}}]}}"#))
            }),
        ),
        (
            "it lists no hash for config.json",
            "HF_ENDPOINT",
            of_list(|_, _| {
                let files =
                    r#"[{"rfilename": "config.json", "size": 1}, {"rfilename": "model.safetensors", "size": 1}]"#;
                Reply::new(200).body(format!(r#"{{"sha": "{COMMIT}", "siblings": {files}}}"#))
            }),
        ),
        (
            "is full",
            "free up space",
            of_list(|_, _| {
                let mut listing = tiny_repository().listing();
                listing["siblings"][2]["lfs"]["size"] = serde_json::json!(1_u64 << 40);
                Reply::new(200).body(listing.to_string())
            }),
        ),
    ]
}

#[test]
fn troubles_that_stay_are_named_and_nothing_is_installed() {
    let repository = tiny_repository();
    for (reason, hint, change) in troubles_with_a_file().into_iter().chain(troubles_with_the_list()) {
        let place = Place::new();
        let server = server(&repository, change);
        let begun = Instant::now();
        let error = place.pull(&server).expect_err(reason);
        assert!(error.to_string().contains(reason), "{reason}: {error}");
        assert!(!error.to_string().contains('\n'), "{error}");
        assert!(error.hint().is_some_and(|text| text.contains(hint)), "{reason}: {:?}", error.hint());
        assert!(begun.elapsed() < Duration::from_secs(40), "{reason}: {:?}", begun.elapsed());
        place.assert_nothing_installed(reason);
    }
}

#[test]
fn wrong_bytes_are_neither_installed_nor_kept() {
    let repository = tiny_repository();
    for file in [WEIGHTS, "tokenizer.json"] {
        let place = Place::new();
        let server = server(&repository, move |asked, mut reply| {
            if asked.is_for(file) && asked.before == 0 {
                reply.body[7] ^= 1;
            }
            reply
        });
        let error = place.pull(&server).unwrap_err();
        let why = error.to_string();
        assert!(matches!(error, HubError::Mismatch { .. }) && why.contains(file) && why.contains("hash"), "{why}");
        place.assert_nothing_installed(file);
        assert!(place.left().iter().all(|name| !name.starts_with(file)), "{:?}", place.left());
        // What was right is kept, and the rest comes again.
        installed(place.pull(&server), file);
        place.assert_installed(&repository, file);
        assert_eq!(server.count("config.json"), 1, "{file}");
    }
}
