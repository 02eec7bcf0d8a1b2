//! `recto read` and `recto cache`: a reading that is killed or has no room left on the disk, and what is kept of it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::reading_model::{entries, pages, write_model, write_report};

/// The program, silent and with the usual size of the cache.
fn recto(home: &Path, arguments: &[&str]) -> Command {
    let mut command = crate::recto(home, arguments);
    command.env_remove("RECTO_CACHE_GB").stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

fn json(command: &mut Command) -> Value {
    let output = command.output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_reading_that_is_killed_goes_on_at_the_first_unfinished_window() {
    let home = tempfile::tempdir().unwrap();
    let model = write_model(&home.path().join("model"), |_| ());
    let report = home.path().join("report.txt");
    write_report(&report, &pages(400));
    let (report, model) = (report.to_str().unwrap(), model.to_str().unwrap());
    let arguments = ["read", report, "--model", model, "--window", "512", "--json"];
    let mut killed = recto(home.path(), &arguments).spawn().unwrap();
    let begun = Instant::now();
    while entries(home.path(), "encodings-v1").len() < 3 {
        assert!(begun.elapsed() < Duration::from_secs(120), "no window was ever finished");
        assert_eq!(killed.try_wait().unwrap(), None, "it ended before it could be killed");
        std::thread::sleep(Duration::from_millis(2));
    }
    // On Unix this is SIGKILL: nothing is put in order before the end.
    killed.kill().unwrap();
    killed.wait().unwrap();
    let finished = entries(home.path(), "encodings-v1").len();
    let map = json(&mut recto(home.path(), &arguments));
    let origins: Vec<&str> =
        map["windows"].as_array().unwrap().iter().map(|window| window["origin"].as_str().unwrap()).collect();
    assert!(finished < origins.len(), "it was killed too late to tell");
    let kept = origins.iter().take_while(|origin| **origin == "Kept").count();
    assert_eq!(kept, finished);
    assert!(origins[kept..].iter().all(|origin| *origin == "Encoded"), "{origins:?}");

    let listed = json(&mut recto(home.path(), &["cache", "--json"]));
    assert_eq!(listed["documents"][0]["name"], "report.txt");
    assert_eq!(listed["documents"][0]["windows"], origins.len());
    assert_eq!(listed["documents"][0]["tokens"], map["tokens"]);
    assert_eq!(listed["kinds"][0]["kind"], "windows");
    assert!(listed["bytes"].as_u64().unwrap() <= listed["limit_bytes"].as_u64().unwrap());
    let text = String::from_utf8(recto(home.path(), &["cache"]).output().unwrap().stdout).unwrap();
    assert!(text.starts_with("report.txt") && text.contains(" of 4.3 GB used, in "), "{text}");
    let cleared = json(&mut recto(home.path(), &["cache", "clear", "--json"]));
    // The windows, and the pages.
    assert_eq!((cleared["files"].as_u64().unwrap() as usize, &cleared["in_use"]), (origins.len() + 1, &0.into()));
    assert_eq!(entries(home.path(), "encodings-v1"), [] as [PathBuf; 0]);
    let text = String::from_utf8(recto(home.path(), &["cache"]).output().unwrap().stdout).unwrap();
    assert!(text.starts_with("The cache is empty"), "{text}");
}

#[test]
#[cfg(unix)]
fn a_full_disk_costs_a_warning_and_the_reading_goes_on() {
    let home = tempfile::tempdir().unwrap();
    let model = write_model(&home.path().join("model"), |_| ());
    let report = write_report(&home.path().join("report.txt"), &pages(12)).path;
    let recto = env!("CARGO_BIN_EXE_recto-under-test");
    let read = |limit: &str| {
        // No file can grow beyond half a kilobyte: as on a disk that is full, writing fails in the midst of a file.
        let mut command = Command::new("sh");
        command.args(["-c", &format!("trap '' XFSZ; ulimit -f {limit}; exec \"$@\""), "sh", recto, "read"]);
        command.args([report.as_os_str(), "--window".as_ref(), "512".as_ref(), "--json".as_ref(), "--model".as_ref()]);
        let output = command.arg(&model).env("RECTO_HOME", home.path()).output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{errors}");
        let map: Value = serde_json::from_slice(&output.stdout).unwrap();
        let origins =
            map["windows"].as_array().unwrap().iter().map(|window| window["origin"].as_str().unwrap().to_owned());
        (origins.collect::<Vec<_>>(), errors)
    };
    let (origins, errors) = read("1");
    assert!(origins.len() > 2 && origins.iter().all(|origin| origin == "Encoded"), "{origins:?}");
    assert_eq!(errors.matches("not everything could be cached").count(), 1, "{errors}");
    // With room again, all is made again, and kept: nothing half written passes for what was read.
    let (origins, errors) = read("unlimited");
    assert!(origins.iter().all(|origin| origin == "Encoded") && !errors.contains("could be cached"), "{errors}");
    let (origins, _) = read("unlimited");
    assert!(origins.iter().all(|origin| origin == "Kept"), "{origins:?}");
}
