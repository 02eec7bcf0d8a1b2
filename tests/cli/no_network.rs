//! Reading and asking need no network: they work where there is none.
//!
//! The program is started in a network namespace of its own, which has no interface to the world. Where the kernel lets nobody
//! make one, its system calls are watched instead. Where neither can be done this fails and says what is missing.
#![cfg(target_os = "linux")]

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Ways into a network namespace: as any user, and as the one who may.
const NAMESPACES: [&[&str]; 2] = [&["unshare", "--user", "--net", "--map-root-user"], &["unshare", "--net"]];

/// How the program is kept from the network.
enum Confinement {
    /// In a namespace without one, by this command.
    Namespace(&'static [&'static str]),
    /// Not at all, but each internet socket that it connects is told.
    Watched,
}

impl Confinement {
    fn find() -> Self {
        for way in NAMESPACES {
            let works = Command::new(way[0]).args(&way[1..]).arg("true").stderr(Stdio::null()).status();
            if works.is_ok_and(|status| status.success()) {
                return Self::Namespace(way);
            }
        }
        let strace = Command::new("strace").args(["-f", "-e", "trace=network", "true"]).stderr(Stdio::null()).status();
        if strace.is_ok_and(|status| status.success()) {
            return Self::Watched;
        }
        panic!(
            "neither a network namespace can be made (`unshare --net`, of util-linux) nor calls be watched: install strace"
        );
    }

    /// Runs `recto` with these arguments, and checks that it had nothing to do with the internet.
    fn run(&self, home: &Path, arguments: &[&str]) -> Output {
        let recto = env!("CARGO_BIN_EXE_recto-under-test");
        let trace = home.join("trace");
        let mut command = match self {
            Self::Namespace(way) => {
                let mut command = Command::new(way[0]);
                command.args(&way[1..]).arg(recto);
                command
            }
            Self::Watched => {
                let mut command = Command::new("strace");
                command.args(["-f", "-e", "trace=connect,sendto", "-o"]).arg(&trace).arg(recto);
                command
            }
        };
        command.args(arguments).env("RECTO_HOME", home).env("PATH", std::env::var_os("PATH").unwrap());
        for proxy in ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
            command.env_remove(proxy);
        }
        let output = command.stdin(Stdio::null()).output().unwrap();
        if matches!(self, Self::Watched) {
            let calls = std::fs::read_to_string(&trace).unwrap();
            let connected: Vec<_> = calls.lines().filter(|line| line.contains("AF_INET")).collect();
            assert!(connected.is_empty(), "{arguments:?} connected to the internet: {connected:?}");
        }
        output
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn reading_and_asking_need_no_network() {
    let home = tempfile::tempdir().unwrap();
    let confinement = Confinement::find();
    let model = crate::reading_model::write_model(&home.path().join("model"), |_| ());
    let report = home.path().join("report.txt");
    crate::reading_model::write_report(&report, &crate::reading_model::pages(3));
    let (model, report) = (model.to_str().unwrap(), report.to_str().unwrap());
    let read = confinement.run(home.path(), &["read", report, "--model", model, "--json"]);
    assert!(read.status.success(), "{}", text(&read.stderr));
    assert!(text(&read.stdout).contains("\"pages\""), "{}", text(&read.stdout));
    let ask = ["ask", report, "What were receipts?", "--model", model, "--max-tokens", "8", "--json"];
    let asked = confinement.run(home.path(), &ask);
    assert!(asked.status.success(), "{}", text(&asked.stderr));
    assert!(text(&asked.stdout).contains("\"text\""), "{}", text(&asked.stdout));
    // Adding a model, listing and verifying need none either.
    for arguments in [&["models", "add", model, "--name", "m"][..], &["models", "list"], &["models", "verify", "m"]] {
        let output = confinement.run(home.path(), arguments);
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    }
}

/// That this would show: what does need the network finds none there.
#[test]
fn fetching_a_model_finds_no_network_there() {
    let home = tempfile::tempdir().unwrap();
    if let Confinement::Namespace(_) = Confinement::find() {
        let pull = ["models", "pull", "org/model", "--accept-licence"];
        let output = Confinement::find().run(home.path(), &pull);
        assert_eq!(output.status.code(), Some(1));
        assert!(text(&output.stderr).contains("cannot reach huggingface.co"), "{}", text(&output.stderr));
    } else {
        // Watched instead of confined, its attempt is what shows: to a hub that nobody runs.
        let attempt = std::panic::catch_unwind(|| {
            let pull = ["models", "pull", "org/model", "--accept-licence"];
            Confinement::Watched.run(home.path(), &pull)
        });
        assert!(attempt.is_err(), "the attempt to reach the hub was not seen");
    }
}
