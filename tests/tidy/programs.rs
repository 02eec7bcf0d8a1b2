//! Other programs are started through one door.

use crate::sources::{code_lines, report, under};

/// The door itself.
const DOOR: &str = "engine/src/child.rs";

/// Files besides it, with reasons.
const MEANT: &[(&str, &str)] = &[(
    "app/src/platform/file_manager.rs",
    "takes apart the commands that the `open` crate suggests, and starts them through the door; Windows has a call for it",
)];

#[test]
fn programs_are_started_through_one_door() {
    let mut broken = Vec::new();
    for source in ["app/src", "engine/src"].iter().flat_map(|folder| under(folder, &[".rs"])) {
        if source.path == DOOR || MEANT.iter().any(|(path, _)| *path == source.path) {
            continue;
        }
        let shipped = source.text.split("\nmod tests {").next().unwrap_or("");
        let shipped = shipped.split("#[cfg(all(test, unix))]").next().unwrap_or("");
        for (number, line) in code_lines(shipped) {
            if ["process::Command", "Command::new(", "CommandExt", "open::that"].iter().any(|word| line.contains(word))
            {
                broken.push(format!("{}:{number}: {}", source.path, line.trim()));
            }
        }
    }
    report(
        "Other programs are started only by engine::child::Program",
        "Program passes on an environment without secrets and takes no program from the current folder",
        broken,
    );
}

#[test]
fn the_door_is_where_it_is_said_to_be() {
    let door = under("engine/src", &["child.rs"]).into_iter().find(|source| source.path == DOOR);
    assert!(door.is_some_and(|source| source.text.contains("env_clear")));
}
