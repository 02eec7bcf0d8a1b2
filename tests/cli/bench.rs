//! `recto bench` on models of the fixtures.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use recto_tests::fixture;
use serde_json::Value;

use crate::{program, stderr};

/// `recto bench` with these arguments.
fn bench(arguments: &[&str]) -> Command {
    let mut command = program();
    command.arg("bench").args(arguments);
    command
}

/// `recto bench --model` on a fixture that sees.
fn on_model(arguments: &[&str]) -> Output {
    bench(arguments).arg("--model").arg(fixture("model/image")).output().unwrap()
}

/// The answers to these lines, the greeting first.
fn served(lines: &[u8]) -> Vec<Value> {
    let mut child = bench(&["--serve", "--threads", "1", "--model"])
        .arg(fixture("model/image"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(lines).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn json_has_the_documented_fields() {
    let output = on_model(&[
        "--json",
        "--threads=1",
        "--rounds=2",
        "--encode=5,9",
        "--figures=1",
        "--decode=7",
        "--prompt=3",
        "--generate=2",
        "--memory=shared",
        "--dtype=f32",
    ]);
    assert!(output.status.success(), "{}", stderr(&output));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(keys(&report), BTreeSet::from(["machine", "model", "peak_resident_bytes", "results"]));
    let machine = ["arch", "cpu", "cpus", "features", "held_to", "os", "threads"];
    assert_eq!(keys(&report["machine"]), BTreeSet::from(machine));
    assert_eq!(report["machine"]["threads"], 1);
    let model = [
        "decoder_layers",
        "dtype",
        "encoder_layers",
        "hidden_size",
        "load_secs",
        "name",
        "random_weights",
        "vision_layers",
        "vocab_size",
    ];
    assert_eq!(keys(&report["model"]), BTreeSet::from(model));
    assert_eq!((&report["model"]["dtype"], &report["model"]["random_weights"]), (&"f32".into(), &false.into()));
    let results = report["results"].as_array().unwrap();
    let works: Vec<&str> = results.iter().map(|result| result["work"].as_str().unwrap()).collect();
    let expected = ["encode 5", "encode 9", "figure", "remember 7", "decode 7 16", "prompt 3", "generate 2"];
    assert_eq!(works, expected);
    let rounds: Vec<u64> = results.iter().map(|result| result["rounds"].as_u64().unwrap()).collect();
    assert_eq!(rounds, [2, 2, 1, 2, 2, 2, 2], "figures have a number of their own");
    assert_eq!(keys(&results[0]), BTreeSet::from(["rounds", "secs", "tokens", "tokens_per_sec", "work"]));
    assert_eq!(keys(&results[2]), BTreeSet::from(["rounds", "secs", "work"]));
    let answering =
        ["first_token_secs", "memory", "memory_bytes", "rounds", "secs", "tokens", "tokens_per_sec", "work"];
    assert_eq!(keys(&results[4]), BTreeSet::from(answering));
    assert_eq!(results[4]["memory"], "shared");
    for result in results {
        let secs = &result["secs"];
        let [least, median, most] = ["min", "median", "max"].map(|key| secs[key].as_f64().unwrap());
        assert!(0.0 < least && least <= median && median <= most, "{result}");
    }
    if cfg!(target_os = "linux") {
        assert!(report["peak_resident_bytes"].as_u64().unwrap() > 1 << 20);
    }
}

#[test]
fn keys_and_values_take_the_room_that_their_shape_says() {
    let bytes = |tokens: &str| {
        let output = on_model(&["--json", "--rounds=1", "--memory=kv", "--decode", tokens]);
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["results"][0]["memory"], "kv");
        report["results"][0]["memory_bytes"].as_u64().unwrap()
    };
    // Keys are packed in panels of 16, in blocks of 128.
    let (one, three) = (bytes("128"), bytes("384"));
    assert!(one > 0);
    assert_eq!(three, 3 * one);
}

#[test]
fn a_table_names_what_was_measured() {
    let output = on_model(&["--rounds=1", "--encode=1024", "--decode=8"]);
    let text = String::from_utf8(output.stdout).unwrap();
    for expected in ["image, ", "encode 1,024 tokens", "answer over 8 encoded tokens", "tokens/s", " as kv"] {
        assert!(text.contains(expected), "{expected:?} is not in:\n{text}");
    }
    assert!(!text.contains("figure"), "only what was chosen is measured:\n{text}");
}

#[test]
fn work_is_served_line_by_line_and_a_bad_line_costs_itself_alone() {
    let answers = served(b"encode 6\n\nencode many\ndecode 5 2\n\xff\xfe\nfigure\nremember 4\nprompt 3\ngenerate 2");
    assert_eq!(keys(&answers[0]), BTreeSet::from(["machine", "model", "peak_resident_bytes"]));
    let told: Vec<&str> =
        answers[1..].iter().map(|answer| answer["work"].as_str().or(answer["error"].as_str()).unwrap()).collect();
    assert_eq!(
        told,
        [
            "encode 6",
            "\"many\" is not a number of tokens from 1 to 1048576",
            "decode 5 2",
            "unknown benchmark \"\u{fffd}\u{fffd}\"",
            "figure",
            "remember 4",
            "prompt 3",
            "generate 2",
        ]
    );
    assert_eq!(keys(&answers[1]), BTreeSet::from(["peak_resident_bytes", "secs", "tokens", "tokens_per_sec", "work"]));
    assert_eq!(keys(&answers[2]), BTreeSet::from(["error", "hint"]));
    assert_eq!(answers[3]["tokens"], 2);
    let (secs, speed) = (answers[3]["secs"].as_f64().unwrap(), answers[3]["tokens_per_sec"].as_f64().unwrap());
    assert!((secs * speed - 2.0).abs() < 1e-6);
}

#[test]
fn what_cannot_be_measured_is_refused_with_a_reason() {
    for (arguments, code, expected) in [
        (&["--shape", "7b"][..], 2, "known shapes: 270m-270m, 1b-1b, 4b-4b"),
        (&["--shape", "1b-1b", "--model", "x"], 2, "cannot be used with"),
        (&["--layers", "2"], 2, "--shape"),
        (&["--encode", "0"], 2, "0 is not in 1..=1048576"),
        (&["--serve", "--json"], 2, "cannot be used with"),
        (&["--model", "/absent/model"], 1, "error: no model found in /absent/model"),
    ] {
        let output = bench(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(expected), "{arguments:?}: {}", stderr(&output));
        assert!(output.stdout.is_empty());
    }
}
