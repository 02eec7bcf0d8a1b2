//! `recto models`: a model is added, listed, verified, pulled and removed.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// `recto models` with these arguments.
fn models(home: &Path, arguments: &[&str]) -> Command {
    crate::recto(home, &[&["models"], arguments].concat())
}

fn run(home: &Path, arguments: &[&str]) -> Output {
    models(home, arguments).output().unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_model_from_a_folder_is_added_listed_verified_and_removed() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("stick/t5gemma-2");
    crate::checkpoints::t5(&folder);
    let empty = run(home.path(), &["list", "--json"]);
    assert_eq!(json(&empty), serde_json::json!({ "models": [] }));
    assert!(run(home.path(), &["add", folder.to_str().unwrap()]).status.success());
    let listed = json(&run(home.path(), &["list", "--json"]));
    let model = &listed["models"][0];
    assert_eq!(
        (&model["name"], &model["state"], &model["kind"]),
        (&"t5gemma-2".into(), &"ready".into(), &"t5gemma2".into())
    );
    assert_eq!(model["default"], true);
    assert!(run(home.path(), &["verify"]).status.success());
    let installed = Path::new(model["path"].as_str().unwrap()).join("model.safetensors");
    std::fs::write(&installed, b"cut").unwrap();
    let verified = run(home.path(), &["verify", "--json"]);
    assert_eq!(verified.status.code(), Some(1));
    let fault = &json(&verified)["models"][0]["faults"][0];
    assert_eq!((&fault["fault"], &fault["found_bytes"]), (&"truncated".into(), &3.into()));
    assert!(run(home.path(), &["remove", "t5gemma-2"]).status.success());
    assert_eq!(json(&run(home.path(), &["list", "--json"])), serde_json::json!({ "models": [] }));
}

#[test]
fn failures_are_two_lines_and_exit_code_1() {
    let home = tempfile::tempdir().unwrap();
    for arguments in [&["remove", "absent"][..], &["verify", "absent"], &["pull", "absent"], &["add", "/absent.gguf"]] {
        let output = run(home.path(), arguments);
        let stderr = String::from_utf8(output.stderr).unwrap();
        let lines: Vec<_> = stderr.lines().collect();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(
            matches!(lines[..], [why, what] if why.starts_with("error: ") && what.starts_with("hint: ")),
            "{stderr}"
        );
    }
}

#[test]
fn a_pull_shows_the_notice_and_wants_a_yes() {
    let home = tempfile::tempdir().unwrap();
    let output = run(home.path(), &["pull", "starter"]);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr.contains("Gemma Terms of Use") && stderr.contains("--accept-licence"), "{stderr}");
    assert!(!home.path().join("cache").exists(), "nothing was downloaded");
}

#[test]
#[cfg(unix)]
fn a_pull_that_is_killed_leaves_nothing_that_looks_installed() {
    let home = tempfile::tempdir().unwrap();
    let fakes = recto_tests::fixture("fake_python");
    let path = format!("{}:{}", fakes.display(), std::env::var("PATH").unwrap());
    let write = |script: &str| std::fs::write(home.path().join("pip.sh"), script).unwrap();
    write("echo half > \"$dest\"/half.whl; echo $$ > \"$root\"/pid; exec sleep 60");
    let mut command = models(home.path(), &["pull", "starter", "--accept-licence"]);
    let mut pulling = command.env("PATH", &path).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let pid = home.path().join("pid");
    crate::wait_for_line(&pid);
    pulling.kill().unwrap();
    pulling.wait().unwrap();
    let orphan = std::fs::read_to_string(&pid).unwrap();
    // On Linux it was killed with its parent; elsewhere it sleeps on, in nobody's way.
    let _ = Command::new("kill").arg(orphan.trim()).stderr(Stdio::null()).status();
    assert_eq!(json(&run(home.path(), &["list", "--json"])), serde_json::json!({ "models": [] }));
    // The lock went with the process, so the next pull gets as far as its own pip.
    write("ls \"$dest\"/../.. > \"$root\"/seen; echo 'ERROR: second' >&2; exit 1");
    let second = models(home.path(), &["pull", "starter", "--accept-licence"]).env("PATH", &path).output().unwrap();
    assert!(String::from_utf8_lossy(&second.stderr).contains("pip failed: second"));
    let seen = std::fs::read_to_string(home.path().join("seen")).unwrap();
    assert_eq!(seen.lines().count(), 1, "what the first left is gone: {seen}");
}
