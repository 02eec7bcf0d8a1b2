//! pip is started apart from the folder that the user stands in and from the user's secrets.
#![cfg(unix)]

use std::path::Path;
use std::process::{Command, Output};

/// `recto models pull starter` in `folder`, with secrets in the environment and `python` first in the path.
fn pull(home: &Path, folder: &Path, python: Option<&Path>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_recto-under-test"));
    command.args(["models", "pull", "starter", "--accept-licence"]).current_dir(folder).env("RECTO_HOME", home);
    command.env("HF_TOKEN", "hf_secret").env("GITHUB_TOKEN", "gh_secret").env("PYTHONPATH", folder);
    // No package is to be had, so that nothing is downloaded.
    command.env("PIP_NO_INDEX", "1").env("PIP_RETRIES", "0").env("https_proxy", "http://127.0.0.1:9");
    if let Some(python) = python {
        let path = std::env::join_paths(
            [python.to_owned()].into_iter().chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
        );
        command.env("PATH", path.unwrap());
    }
    command.output().unwrap()
}

#[test]
fn pip_sees_neither_secrets_nor_the_current_folder() {
    let (home, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let script = "echo \"$*\" > \"$root/arguments\"; env > \"$root/environment\"; pwd -P > \"$root/folder\"; \
                  ls -a > \"$root/listed\"; exit 1";
    std::fs::write(home.path().join("pip.sh"), script).unwrap();
    let output = pull(home.path(), folder.path(), Some(&recto_tests::fixture("fake_python")));
    let told = |name: &str| std::fs::read_to_string(home.path().join(name)).unwrap_or_else(|_| panic!("{output:?}"));
    // The flag that takes the current folder off Python's path has to come before the module's name.
    assert!(told("arguments").starts_with("-I "), "{}", told("arguments"));
    let environment = told("environment");
    for secret in ["hf_secret", "gh_secret", "PYTHONPATH", "HF_TOKEN"] {
        assert!(!environment.contains(secret), "{secret} is passed on:\n{environment}");
    }
    for needed in ["PIP_NO_INDEX=1", "https_proxy=http://127.0.0.1:9", "PATH=", "TMPDIR="] {
        assert!(environment.contains(needed), "{needed} is not passed on:\n{environment}");
    }
    let at = std::path::PathBuf::from(told("folder").trim());
    assert!(at.starts_with(home.path().canonicalize().unwrap()), "it works in {}", at.display());
    assert_eq!(told("listed").split_whitespace().collect::<Vec<_>>(), [".", ".."], "nobody else's files are there");
}

#[test]
fn a_planted_pip_is_not_run() {
    if !Command::new("python3").args(["-c", ""]).status().is_ok_and(|status| status.success()) {
        // The test above holds without Python.
        return;
    }
    let (home, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::create_dir(folder.path().join("pip")).unwrap();
    std::fs::write(folder.path().join("pip/__init__.py"), "").unwrap();
    let marker = folder.path().join("ran");
    let plant = format!("open({:?}, 'w').write('planted')\n", marker.display().to_string());
    std::fs::write(folder.path().join("pip/__main__.py"), plant).unwrap();
    let output = pull(home.path(), folder.path(), None);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(!marker.exists(), "what lies in the current folder was run: {output:?}");
}
