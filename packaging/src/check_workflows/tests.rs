//! Workflow steps run existing commands of this task runner.

use std::collections::BTreeMap;

use clap::Parser as _;

use super::*;
use crate::Cli;

/// The values a workflow gives to each name; `matrix.label` takes those of `label`.
fn values(workflow: &str) -> BTreeMap<&str, Vec<&str>> {
    let mut values: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for line in workflow.lines() {
        if let Some((name, value)) = line.trim_start().trim_start_matches("- ").split_once(": ") {
            let list = value.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
            let all = list.map_or_else(|| vec![value], |list| list.split(',').map(str::trim).collect());
            values.entry(name).or_default().extend(all.into_iter().map(|value| value.trim_matches('"')));
        }
    }
    values
}

/// A step's command, expanded for each value of the matrix it uses.
fn expanded(command: &str, values: &BTreeMap<&str, Vec<&str>>) -> Vec<String> {
    let Some((before, rest)) = command.split_once("${{ matrix.") else { return vec![command.to_owned()] };
    let (name, after) = rest.split_once(" }}").expect("an expression ends");
    let all = values.get(name).unwrap_or_else(|| panic!("no value for matrix.{name}"));
    all.iter().flat_map(|value| expanded(&format!("{before}{value}{after}"), values)).collect()
}

/// The commands of a workflow's steps.
fn commands(workflow: &str) -> Vec<String> {
    let values = values(workflow);
    values.get("run").into_iter().flatten().flat_map(|command| expanded(command, &values)).collect()
}

#[test]
fn steps_are_commands_of_the_task_runner() {
    for path in workflows().unwrap() {
        let text = fs::read_to_string(&path).unwrap();
        let commands = commands(&text);
        let runs = text.lines().filter(|line| line.trim_start().trim_start_matches("- ").starts_with("run:")).count();
        assert!(runs > 0 && commands.len() >= runs, "{}: {runs} steps, {} were read", path.display(), commands.len());
        for command in commands {
            let words: Vec<_> = command.split_whitespace().collect();
            let Some(words) = words.strip_prefix(&["cargo", "xtask"]) else {
                panic!("{}: `{command}` is not a task runner command; add one that does it", path.display());
            };
            let parsed = Cli::try_parse_from(std::iter::once(&"xtask").chain(words));
            assert!(parsed.is_ok(), "{}: `{command}`: {}", path.display(), parsed.unwrap_err());
        }
    }
}

#[test]
fn every_action_is_pinned_by_its_commit() {
    for path in workflows().unwrap() {
        let text = fs::read_to_string(&path).unwrap();
        let uses: Vec<_> = text.lines().filter_map(|line| line.trim_start().strip_prefix("- uses: ")).collect();
        assert!(!uses.is_empty(), "{}", path.display());
        for action in uses {
            let commit = action.split('@').nth(1).and_then(|rest| rest.split(' ').next()).unwrap_or_default();
            let is_commit = commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
            assert!(is_commit && action.contains(" # v"), "{}: {action}", path.display());
        }
    }
}

#[test]
fn the_rule_sees_what_it_is_there_for() {
    let workflow = "jobs:\n  a:\n    strategy:\n      matrix:\n        include:\n          - what: cargo xtask dist --cuda\n          \
        - what: cargo xtask dist\n    steps:\n      - run: ${{ matrix.what }}\n      - run: make\n";
    assert_eq!(commands(workflow), ["cargo xtask dist --cuda", "cargo xtask dist", "make"]);
    assert!(Cli::try_parse_from(["xtask", "no-such-command"]).is_err());
}
