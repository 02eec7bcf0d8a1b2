//! What holds of fetching from the hub whatever the network does: tokens, licences, giving up, going on, and the ways that a
//! model of the catalogue comes by.

use std::sync::Arc;
use std::time::{Duration, Instant};

use engine::cancel::CancelToken;
use engine::diagnostic::Hint as _;
use engine::hub::{Catalogue, Endpoint, HubError, HubRequest, PullOptions, Pulled, Token, Transfer, find_on_hub, pull};
use engine::store::models::ModelKind;
use engine::store::{PartialDownload, StoreError};

use crate::hub_pull::{Place, installed, transfer};
use crate::hub_server::{Manner, Reply, Repository, Server};
use crate::tiny_repository::{NAME, WEIGHTS, server, tiny_repository};

#[test]
fn the_token_is_shown_to_the_hub_alone() {
    let (place, repository) = (Place::new(), tiny_repository());
    let elsewhere = {
        let repository = repository.clone();
        Arc::new(Server::start(move |asked| repository.answer(asked)))
    };
    let to = elsewhere.url();
    let server = server(&repository, move |asked, reply| match asked.field("authorization") {
        Some("Bearer hf_secret") if asked.is_for(WEIGHTS) => {
            Reply::new(302).with("Location", format!("{to}{}", asked.path))
        }
        Some("Bearer hf_secret") => reply,
        _ => Reply::new(401),
    });
    let token = Token::new("hf_secret").unwrap();
    let options = PullOptions { token: Some(token), ..Place::options(&server) };
    assert!(!format!("{options:?}").contains("secret"));
    installed(place.pull_with(&options, &CancelToken::default(), &mut |_| ()), "with a token");
    assert!(
        elsewhere.count(WEIGHTS) > 0 && elsewhere.seen().iter().all(|asked| asked.field("authorization").is_none())
    );
    // Without one, and with one that the hub does not know, it is said what to do.
    for (token, reason) in [(None, "needs an access token"), (Some("hf_other"), "rejected the access token")] {
        let options = PullOptions { token: token.map(|text| Token::new(text).unwrap()), ..Place::options(&server) };
        let error = Place::new().pull_with(&options, &CancelToken::default(), &mut |_| ()).unwrap_err();
        assert!(error.to_string().contains(reason) && !error.to_string().contains("hf_"), "{error}");
        assert!(error.hint().unwrap().contains(&format!("{}/{NAME}", server.url())), "{:?}", error.hint());
    }
}

#[test]
fn nothing_comes_before_the_licence_is_accepted() {
    let (place, repository) = (Place::new(), tiny_repository());
    let server = server(&repository, |_, reply| reply);
    let options = PullOptions { licence_accepted: false, ..Place::options(&server) };
    let error = place.pull_with(&options, &CancelToken::default(), &mut |_| ()).unwrap_err();
    assert!(matches!(&error, HubError::LicenceNotAccepted { licence, .. } if licence.contains("Gemma")), "{error}");
    assert_eq!(server.seen().len(), 1, "the list of files, and nothing else");
    let wrong = HubRequest { repository: NAME.to_owned(), revision: Some("v9".to_owned()), file: None };
    let error = find_on_hub(&wrong, &options, &CancelToken::default()).unwrap_err();
    assert!(error.to_string().contains("has no revision `v9`"), "{error}");
}

#[test]
fn what_has_come_need_not_come_again() {
    let (place, repository) = (Place::new(), tiny_repository());
    // The line breaks for good after a few pieces.
    let broken = server(&repository, |asked, reply| {
        if asked.is_for(WEIGHTS) && asked.before >= 5 { reply.manner(Manner::Cut(0)) } else { reply }
    });
    assert!(matches!(place.pull(&broken), Err(HubError::Cut { .. })));
    drop(broken);
    let good = server(&repository, |_, reply| reply);
    installed(place.pull(&good), "the second time");
    place.assert_installed(&repository, "the second time");
    let pieces = repository.files[WEIGHTS].len().div_ceil(256 << 10);
    assert!(good.count(WEIGHTS) <= pieces - 3, "{} of {pieces}", good.count(WEIGHTS));
    assert_eq!(good.count("config.json") + good.count("tokenizer.json"), 0);
    // It is asked for as part of the state of the file that the first pieces were of.
    assert_eq!(good.seen().last().unwrap().field("if-range"), Some("\"state-1\""));
}

#[test]
fn a_file_that_changed_since_is_begun_again() {
    let (place, repository) = (Place::new(), tiny_repository());
    let broken = server(&repository, |asked, reply| {
        if asked.is_for(WEIGHTS) && asked.before >= 5 { reply.manner(Manner::Cut(0)) } else { reply }
    });
    assert!(place.pull(&broken).is_err());
    let changed = Repository { tag: "\"state-2\"".to_owned(), ..repository.clone() };
    let good = server(&changed, |_, reply| reply);
    installed(place.pull(&good), "changed");
    place.assert_installed(&repository, "changed");
}

#[test]
fn a_pull_ends_a_moment_after_it_was_cancelled() {
    let repository = tiny_repository();
    for place_of_hang in ["/api/", WEIGHTS] {
        let place = Place::new();
        let server = server(&repository, move |asked, reply| {
            if asked.path.contains(place_of_hang) { reply.manner(Manner::Hang(10)) } else { reply }
        });
        let patient = Transfer { stall: Duration::from_mins(1), ..transfer() };
        let options = PullOptions { transfer: patient, ..Place::options(&server) };
        let cancel = CancelToken::default();
        let (result, took) = std::thread::scope(|scope| {
            let job = scope.spawn(|| place.pull_with(&options, &cancel, &mut |_| ()));
            while !server.seen().iter().any(|asked| asked.path.contains(place_of_hang)) {
                std::thread::sleep(Duration::from_millis(5));
            }
            std::thread::sleep(Duration::from_millis(100));
            let begun = Instant::now();
            cancel.cancel();
            (job.join().unwrap(), begun.elapsed())
        });
        assert!(matches!(result, Err(HubError::Cancelled(_))), "{result:?}");
        assert!(took < Duration::from_secs(2), "{place_of_hang}: {took:?}");
        place.assert_nothing_installed(place_of_hang);
    }
}

#[test]
fn a_silent_hub_is_asked_twice_and_then_named() {
    let repository = tiny_repository();
    for (manner, place_of_silence) in
        [(Manner::Silent, "/api/"), (Manner::Hang(0), "/api/"), (Manner::Silent, WEIGHTS), (Manner::Hang(0), WEIGHTS)]
    {
        let place = Place::new();
        let server =
            server(
                &repository,
                move |asked, reply| {
                    if asked.path.contains(place_of_silence) { reply.manner(manner) } else { reply }
                },
            );
        // One piece at a time: each of them is asked for twice.
        let patient = Transfer { retries: 5, connections: 1, ..transfer() };
        let options = PullOptions { transfer: patient, ..Place::options(&server) };
        let error = place.pull_with(&options, &CancelToken::default(), &mut |_| ()).unwrap_err();
        assert!(matches!(error, HubError::Silent { .. }), "{error}");
        let asked = server.seen().iter().filter(|asked| asked.path.contains(place_of_silence)).count();
        assert_eq!(asked, 2, "{manner:?} {place_of_silence}");
    }
    let usual = Transfer::default();
    assert!(2 * (usual.answer + usual.pause) < Duration::from_secs(45), "the user waits for this long");
}

#[test]
fn two_at_once_are_told_of_each_other() {
    let (place, repository) = (Place::new(), tiny_repository());
    let server = server(&repository, |_, reply| reply);
    let other = PartialDownload::open(&place.directories, "org--other", "0").unwrap();
    let error = place.pull(&server).unwrap_err();
    assert!(matches!(error, HubError::Store(StoreError::Busy { .. })), "{error}");
    drop(other);
    installed(place.pull(&server), "alone");
}

#[test]
fn a_checkpoint_that_is_none_is_named_and_not_installed() {
    let place = Place::new();
    let mut repository = tiny_repository();
    let config = String::from_utf8(repository.files["config.json"].clone()).unwrap();
    repository.files.insert(
        "config.json".to_owned(),
        config.replace("\"intermediate_size\": 160", "\"intermediate_size\": 161").into(),
    );
    let server = server(&repository, |_, reply| reply);
    let error = place.pull(&server).unwrap_err();
    let why = error.to_string();
    for part in ["org/tiny-model/model.safetensors", "mlp.gate_proj.weight", "[160, 64]", "[161, 64]"] {
        assert!(why.contains(part), "{part}: {why}");
    }
    place.assert_nothing_installed("wrong shape");
    assert_eq!(place.left(), [""; 0]);
}

/// A catalogue of one model that pip could bring, were it there, and two repositories.
fn catalogue(sha256: &str) -> Catalogue {
    let text = format!(
        r#"
        [[model]]
        name = "tiny"
        title = "A model for tests"
        kind = "gemma3-gguf"
        download_bytes = 1000
        memory_bytes = 1000
        can = ["nothing"]
        licence = {{ name = "Test licence", url = "https://example.org/licence", notice = "n" }}
        pip = {{ file = "model.gguf", bytes = 10, sha256 = "{sha256}", part = [{{ package = "p", version = "1", member = "m" }}] }}
        hub = [{{ repository = "org/exact", file = "exact.gguf", sha256 = "{sha256}" }}, {{ repository = "{NAME}" }}]
        "#
    );
    Catalogue::parse(&text, &[("n", "The notice")].into()).unwrap()
}

#[test]
fn without_python_a_model_of_the_catalogue_comes_from_the_first_repository_that_has_it() {
    let (place, repository) = (Place::new(), tiny_repository());
    let exact = Repository::new("org/exact", &[("exact.gguf", b"another file by now".to_vec())]);
    let server =
        Server::start(
            move |asked| {
                if asked.path.contains("org/exact") { exact.answer(asked) } else { repository.answer(asked) }
            },
        );
    let options = PullOptions { python: "no-such-python".into(), ..Place::options(&server) };
    let catalogue = catalogue(&"a".repeat(64));
    let cancel = CancelToken::default();
    let manifest = installed(pull(&catalogue.models[0], &place.directories, &options, &cancel, &mut |_| ()), "second");
    assert_eq!((manifest.name.as_str(), manifest.kind), ("tiny", ModelKind::T5Gemma2));
    assert_eq!(manifest.licence, "Test licence (https://example.org/licence)");
    let notice = place.store.root().join("tiny/NOTICE");
    assert_eq!(std::fs::read_to_string(notice).unwrap(), "The notice");
    assert_eq!(server.count("exact.gguf"), 0, "a file with another hash is not even begun");
    let again = pull(&catalogue.models[0], &place.directories, &options, &cancel, &mut |_| ()).unwrap();
    assert!(matches!(again, Pulled::AlreadyThere(_)), "{again:?}");
}

#[test]
fn a_model_that_no_way_brings_is_asked_for_as_a_file() {
    let place = Place::new();
    let server = Server::start(|_| Reply::new(404).with("X-Error-Code", "RepoNotFound"));
    let options = PullOptions { python: "no-such-python".into(), ..Place::options(&server) };
    let catalogue = catalogue(&"a".repeat(64));
    let error =
        pull(&catalogue.models[0], &place.directories, &options, &CancelToken::default(), &mut |_| ()).unwrap_err();
    assert!(error.to_string().contains("no-such-python"), "{error}");
    let hint = error.hint().unwrap();
    assert!(hint.contains("exact.gguf") && hint.contains("recto models add"), "{hint}");
    place.assert_nothing_installed("nowhere");
}

#[test]
fn for_the_window_the_hub_is_asked_first_and_pip_last() {
    let (place, repository) = (Place::new(), tiny_repository());
    let server =
        Server::start(
            move |asked| {
                if asked.path.contains("org/exact") { Reply::new(404) } else { repository.answer(asked) }
            },
        );
    let catalogue = catalogue(&"a".repeat(64));
    let pull = |server: &Server| {
        // A Python whose pip leaves a mark would fail the test: it is not started.
        let options = PullOptions { python: "/bin/false".into(), hub_first: true, ..Place::options(server) };
        pull(&catalogue.models[0], &place.directories, &options, &CancelToken::default(), &mut |_| ())
    };
    let nothing = Server::start(|_| Reply::new(404).with("X-Error-Code", "RepoNotFound"));
    let error = pull(&nothing).unwrap_err();
    assert!(matches!(error, HubError::NotDelivered { .. }), "{error:?}");
    assert_eq!(error.to_string(), "`tiny` could not be downloaded");
    let details = error.details().unwrap();
    assert!(details.contains("does not exist") && details.contains("pip failed"), "{details}");
    place.assert_nothing_installed("nowhere");
    assert_eq!(installed(pull(&server), "the hub").name, "tiny");
}

#[test]
fn a_host_that_is_not_there_is_named() {
    let place = Place::new();
    let options = PullOptions {
        // Nobody listens on the port of a server that is gone.
        endpoint: Some(Endpoint::parse(&Server::start(|_| Reply::new(200)).url()).unwrap()),
        licence_accepted: true,
        transfer: transfer(),
        ..PullOptions::default()
    };
    let error = place.pull_with(&options, &CancelToken::default(), &mut |_| ()).unwrap_err();
    assert!(matches!(error, HubError::Unreachable { .. } | HubError::Cut { .. }), "{error:?}");
    assert!(error.to_string().contains("127.0.0.1") && error.hint().unwrap().contains("HTTPS_PROXY"), "{error}");
    assert!(!place.downloads().exists(), "nothing was begun");
}
