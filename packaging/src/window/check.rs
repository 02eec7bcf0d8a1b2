//! `cargo xtask check-window`: uses the real window on a virtual display as a user would.
//!
//! Opens the sample report, scrolls, searches, asks, clicks a citation, quits and restarts: everything is restored.
//! Then kills the program several times while it works: only that work is lost.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use super::display::{Display, Window, wait_for};
use super::home::Home;
use super::random_model::{self, Size};
use crate::{machine, pdfium, program, say};

/// Fewest colours in a screenshot that shows text.
const FEWEST_COLOURS: usize = 32;

/// Background of a citation in the light theme (`assets/theme/light.toml`).
const CITATION_TOKEN: &str = "citation";

/// Share of the window that may differ between two starts: a blinking caret, a tooltip.
const SAME: f64 = 0.01;

/// How often the program is killed while answering and while reading.
const KILLS: u64 = 4;
const READING_KILLS: u64 = 3;

/// A read that stores nothing new for this long counts as idle.
const AT_REST: Duration = Duration::from_secs(8);

/// Idle periods in a row that end it: on a busy machine a window takes longer than one.
const RESTS_AFTER: u32 = 3;

/// Factor on the wait for a read to begin that may have nothing left to do.
const RESTS_BEFORE: u32 = 7;

/// Runs the check.
///
/// # Errors
/// When anything is not as a user would expect.
pub(crate) fn run() -> Result<()> {
    if !cfg!(target_os = "linux") {
        say::line(format_args!("there is no virtual display on this system; the window is not checked"));
        return Ok(());
    }
    machine::need_test_packages()?;
    pdfium::fetch()?;
    let recto = program::build_as_tested()?;
    program::pull_starter(&recto)?;
    let pictures = program::target_folder()?.join("window");
    std::fs::create_dir_all(&pictures).with_context(|| format!("cannot make {}", pictures.display()))?;
    let display = Display::start(1360, 860)?;
    let home = Home::new(&pictures)?;
    use_and_come_back(&recto, &display, &home, &pictures)?;
    one_window(&recto, &display, &home)?;
    clipboard(&recto, &display, &home)?;
    no_internet(&recto, &display, &home)?;
    survive_kills(&recto, &display, &home)?;
    drop(home);
    survive_kills_while_reading(&recto, &display, &pictures)
}

/// A session of work, and the next start.
fn use_and_come_back(recto: &Path, display: &Display, home: &Home, pictures: &Path) -> Result<()> {
    let sample = program::sample();
    let sample = sample.to_str().context("the repository's path is not text")?;
    let window = display.open(recto, home.path(), &["--theme", "light", sample])?;
    wait_for("the window to be drawn", || Ok((window.picture()?.colours() >= FEWEST_COLOURS).then_some(())))?;
    wait_for("the report to be known", || Ok(home.page()?.filter(|page| *page == 1)))?;

    window.point_at((540, 500))?;
    window.press(5, 60)?;
    wait_for("the wheel to turn pages", || Ok(home.page()?.filter(|page| *page > 2)))?;
    window.still_picture()?;
    let scrolled = home.page()?;

    window.keys(&["ctrl+f"])?;
    window.write("Exchange Stabilization Fund")?;
    window.keys(&["Return"])?;
    let found = wait_for("words to be found", || Ok(home.page()?.filter(|page| Some(*page) != scrolled)))?;
    window.keys(&["ctrl+a", "BackSpace", "Escape"])?;

    window.keys(&["ctrl+l"])?;
    window.write(program::QUESTION)?;
    window.keys(&["Return"])?;
    let turn = wait_for("an answer", || Ok(home.turns()?.into_iter().find(|turn| turn["end"] == "Answered")));
    if turn.is_err() {
        window.save_picture(&pictures.join("unanswered.png"))?;
    }
    let turn = turn?;
    let cited: Vec<u64> =
        turn["evidence"].as_array().into_iter().flatten().filter_map(|page| page["page"].as_u64()).collect();
    ensure!(!cited.is_empty(), "the answer cites nothing");

    let colour = theme_colour("light", CITATION_TOKEN)?;
    window.point_at((540, 500))?;
    let chip = wait_for("a citation to be drawn", || Ok(window.picture()?.find(colour, (6, 6), 960)))?;
    window.point_at(chip)?;
    let before = home.page()?;
    window.press(1, 1)?;
    // Which chip is found depends on which one is open; each leads to its own page.
    let is_cited = |page: &u64| Some(*page) != before && cited.iter().any(|cited| page.abs_diff(*cited) <= 1);
    let cited = wait_for("a cited page", || Ok(home.page()?.filter(is_cited)))?;

    // Marks are not part of the position, so they are not restored.
    window.keys(&["Escape"])?;
    window.point_at((540, 845))?;
    let before = window.still_picture()?;
    let page = home.page()?;
    window.save_picture(&pictures.join("before.png"))?;
    window.quit()?;

    let window = display.open(recto, home.path(), &["--theme", "light"])?;
    window.point_at((540, 845))?;
    let difference = wait_for("everything to be where it was", || {
        let difference = window.still_picture()?.share_of_difference(&before);
        Ok((difference < SAME).then_some(difference))
    });
    window.save_picture(&pictures.join("after.png"))?;
    let difference = difference?;
    ensure!(home.page()? == page && home.turns()?.len() == 1, "the saved session changed after a restart");
    say::line(format_args!(
        "scrolled to page {}, found words on page {found}, a citation led to page {cited}; after the next start {:.2} % \
         of the window differ",
        scrolled.unwrap_or_default(),
        100.0 * difference
    ));
    window.quit()
}

/// A second start opens its file in the existing window.
fn one_window(recto: &Path, display: &Display, home: &Home) -> Result<()> {
    let window = display.open(recto, home.path(), &[])?;
    let before = wait_for("the report to be open", || home.page())?;
    let notes = home.path().join("notes.txt");
    std::fs::write(&notes, "Net receipts fell by 4.2 percent.\n").context("cannot write a note")?;
    let status =
        display.command(recto).arg(&notes).env("RECTO_HOME", home.path()).status().context("cannot start recto")?;
    ensure!(status.success(), "a second start ended with {status}");
    wait_for("the second report in the first window", || Ok((home.turns()?.is_empty()).then_some(())))?;
    window.keys(&["ctrl+w"])?;
    wait_for("the first report again", || Ok(home.page()?.filter(|page| *page == before)))?;
    window.quit()
}

/// Pastes what another program copied, and copies a text and a table for another program.
fn clipboard(recto: &Path, display: &Display, home: &Home) -> Result<()> {
    let window = display.open(recto, home.path(), &[])?;
    let page = wait_for("the report to be open", || home.page())?;
    display.copy("from elsewhere")?;
    window.keys(&["ctrl+l", "ctrl+v"])?;
    window.write(" and from here")?;
    window.keys(&["ctrl+a", "ctrl+c"])?;
    wait_for("a text of both programs", || Ok((display.clipboard()? == "from elsewhere and from here").then_some(())))?;
    window.keys(&["BackSpace", "Escape"])?;
    window.point_at((540, 500))?;
    // Page by page, until one has a table.
    let table = wait_for("cells of a table", || {
        window.press(1, 1)?;
        window.keys(&["ctrl+a", "ctrl+c"])?;
        let copied = display.clipboard()?;
        if copied.contains('\t') {
            return Ok(Some(copied));
        }
        window.keys(&["Right"])?;
        Ok(None)
    })?;
    say::line(format_args!("copied a table of {} lines from near page {page}", table.lines().count()));
    window.quit()
}

/// Starts, restores the session and closes while every socket is traced: none may be an internet socket.
fn no_internet(recto: &Path, display: &Display, home: &Home) -> Result<()> {
    let calls = home.path().join("calls.txt");
    let mut watched = display.command("strace");
    watched.args(["--follow-forks", "--quiet=all", "--trace=socket,connect", "--output"]).arg(&calls).arg(recto);
    let window = display.open_by(watched.env("RECTO_HOME", home.path()))?;
    wait_for("the report to be open", || home.page())?;
    window.still_picture()?;
    window.quit()?;
    let calls = std::fs::read_to_string(&calls).context("cannot read strace's output")?;
    ensure!(calls.contains("AF_UNIX"), "strace did not even see the connection to the display");
    let internet: Vec<&str> = calls.lines().filter(|line| line.contains("AF_INET")).collect();
    ensure!(internet.is_empty(), "the window opened internet sockets: {internet:?}");
    say::line(format_args!("{} socket calls at start, none to the internet", calls.lines().count()));
    Ok(())
}

/// Kills the program while it reads, answers and saves its session.
fn survive_kills(recto: &Path, display: &Display, home: &Home) -> Result<()> {
    let first = home.turns()?.first().cloned().context("there is no conversation")?;
    for round in 0..KILLS {
        let window = display.open(recto, home.path(), &["--theme", "dark"])?;
        wait_for("the report to be open", || home.page())?;
        ask_in_haste(&window)?;
        std::thread::sleep(Duration::from_millis(150 + 700 * round));
        window.kill()?;
        let turns = home.turns()?;
        ensure!(turns.first() == Some(&first), "the first answer is lost after kill {round}");
        ensure!(!home.has_damage(), "a file was incomplete after kill {round}");
    }
    let window = display.open(recto, home.path(), &[])?;
    wait_for("the report to be open after the last kill", || home.page())?;
    let pictures = window.still_picture()?;
    if pictures.colours() < FEWEST_COLOURS {
        bail!("the window stays empty after the last kill");
    }
    say::line(format_args!("killed {KILLS} times while it worked: {} questions are still there", home.turns()?.len()));
    window.quit()
}

/// Kills the program while a model encodes the report: finished windows are kept, and reading resumes after them.
fn survive_kills_while_reading(recto: &Path, display: &Display, pictures: &Path) -> Result<()> {
    let home = Home::called(pictures, "reading")?;
    let model = home.path().join("random-model");
    random_model::write(&model, Size::SMALL)?;
    home.set(&serde_json::json!({ "model": model }))?;
    let sample = program::sample();
    let sample = sample.to_str().context("the repository's path is not text")?;
    let mut counts = vec![0];
    for round in 0..READING_KILLS {
        let window = display.open(recto, home.path(), &[sample])?;
        let before = counts.last().copied().unwrap_or_default();
        wait_for("more of the report to be encoded", || Ok((home.encoded() > before).then_some(())))?;
        std::thread::sleep(Duration::from_millis(90 * round));
        window.kill()?;
        let after = home.encoded();
        ensure!(after > before, "after kill {round} {after} windows are encoded, {before} were before");
        counts.push(after);
    }
    ensure!(!home.has_damage(), "a file was incomplete while the report was read");
    let window = display.open(recto, home.path(), &[sample])?;
    let (before, mut last, mut rests) = (home.encoded(), home.encoded(), 0);
    let all = wait_for("the report to be read to its end", || {
        std::thread::sleep(AT_REST);
        let is_at_rest = std::mem::replace(&mut last, home.encoded()) == last;
        rests = if is_at_rest { rests + 1 } else { 0 };
        // A busy machine takes longer to begin.
        Ok((rests >= RESTS_AFTER && (last > before || rests > RESTS_BEFORE)).then_some(last))
    })?;
    window.quit()?;
    // Anything lost or skipped would be encoded now.
    let read = display
        .command(recto)
        .arg("read")
        .arg(sample)
        .arg("--model")
        .arg(&model)
        .env("RECTO_HOME", home.path())
        .output();
    let read = read.context("cannot start recto")?;
    ensure!(read.status.success(), "recto read ended with {}", read.status);
    ensure!(home.encoded() == all, "the window stored {all} encodings, {} are needed", home.encoded());
    say::line(format_args!(
        "killed {READING_KILLS} times while it read; pieces kept after each: {:?} of {all}",
        &counts[1..]
    ));
    Ok(())
}

fn ask_in_haste(window: &Window<'_>) -> Result<()> {
    window.keys(&["ctrl+l"])?;
    window.write("What fell?")?;
    window.keys(&["Return", "Next", "Next"])
}

/// A colour of a theme, light or dark, by its name.
pub(super) fn theme_colour(theme: &str, name: &str) -> Result<[u8; 3]> {
    let path = crate::process::repository().join(format!("assets/theme/{theme}.toml"));
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let theme: toml::Table = text.parse().context("the theme is not TOML")?;
    let hex = theme.get(name).and_then(toml::Value::as_str).with_context(|| format!("the theme has no {name}"))?;
    let byte = |at: usize| u8::from_str_radix(hex.get(at..at + 2).unwrap_or_default(), 16);
    Ok([byte(1)?, byte(3)?, byte(5)?])
}
