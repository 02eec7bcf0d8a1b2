//! The installed program in use: opens a report with an unusual name as a double-click would, and asks a question.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::process::output;
use crate::window::display::{Display, wait_for};
use crate::window::home::Home;
use crate::{program, say};

/// Names of a folder and a file as real users choose them.
const REPORT: &str = "Meine Berichte/Übersicht für Köln – Juni 2025.pdf";

/// Fewest colours in a screenshot that shows text.
const FEWEST_COLOURS: usize = 32;

/// Copies the sample report below `home`, under a name with spaces and umlauts.
pub(super) fn report(home: &Home) -> Result<PathBuf> {
    let path = home.path().join(REPORT);
    fs::create_dir_all(path.parent().context("a file without a folder")?).context("cannot make a folder")?;
    fs::copy(program::sample(), &path).context("cannot copy the sample report")?;
    Ok(path)
}

/// The command of a menu entry, applied to this file.
pub(super) fn command_of(entry: &Path) -> Result<String> {
    let text = fs::read_to_string(entry).with_context(|| format!("cannot read {}", entry.display()))?;
    let line = text.lines().find_map(|line| line.strip_prefix("Exec=")).context("the menu entry has no command")?;
    let command = line.strip_suffix(" %F").context("the menu entry accepts no files")?;
    Ok(command.to_owned())
}

/// Opens the report in the window, asks, checks for an answer with a page, and closes it.
pub(super) fn in_window(display: &Display, program: &Path, home: &Home, what: &str) -> Result<()> {
    let report = report(home)?;
    let report = report.to_str().context("the path is not text")?;
    let window = display.open(program, home.path(), &["--theme", "light", report])?;
    wait_for("the window to be drawn", || Ok((window.picture()?.colours() >= FEWEST_COLOURS).then_some(())))?;
    wait_for("the report to be open", || Ok(home.page()?.filter(|page| *page == 1)))?;
    window.keys(&["ctrl+l"])?;
    window.write(program::QUESTION)?;
    window.keys(&["Return"])?;
    let turn = wait_for("an answer", || Ok(home.turns()?.into_iter().find(|turn| turn["end"] == "Answered")))?;
    let page = turn["evidence"][0]["page"].as_u64().context("the answer cites nothing")?;
    let picture = program::target_folder()?.join("window").join(format!("installed-{what}.png"));
    fs::create_dir_all(picture.parent().context("a file without a folder")?).context("cannot make a folder")?;
    window.still_picture()?;
    window.save_picture(&picture)?;
    window.quit()?;
    say::result(format_args!("{what}: opened a PDF and answered from page {page}; {}", picture.display()));
    Ok(())
}

/// Opens the window without a file and checks that report and conversation are restored.
pub(super) fn as_it_was_left(display: &Display, program: &Path, home: &Home) -> Result<()> {
    let before = home.turns()?;
    ensure!(!before.is_empty(), "there is no conversation to restore");
    let window = display.open(program, home.path(), &["--theme", "light"])?;
    wait_for("the window to be drawn", || Ok((window.picture()?.colours() >= FEWEST_COLOURS).then_some(())))?;
    wait_for("the report to be open", || home.page())?;
    window.still_picture()?;
    window.quit()?;
    ensure!(home.turns()? == before && !home.has_damage(), "the conversation was not restored");
    Ok(())
}

/// Asks on the command line.
pub(super) fn on_command_line(command: &mut Command, home: &Home, what: &str) -> Result<()> {
    let report = report(home)?;
    let answer = output(command.arg("ask").arg(&report).arg(program::QUESTION).env("RECTO_HOME", home.path()))?;
    ensure!(
        answer.to_lowercase().contains("page") || answer.contains("p. "),
        "{what}: the answer cites no page: {answer}"
    );
    say::result(format_args!("{what}: answered on the command line: {}", answer.lines().next().unwrap_or_default()));
    Ok(())
}
