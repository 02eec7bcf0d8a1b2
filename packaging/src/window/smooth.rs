//! `cargo xtask frame-times`: measures frame times. A long report is scrolled, read and asked about at
//! the same time in the real window; then the window is left idle.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Args;

use super::display::{Display, Window, wait_for};
use super::home::Home;
use super::long_report;
use super::random_model::{self, Size};
use crate::{machine, pdfium, program, say};

/// Goal for the 99th percentile of frame times, in milliseconds: a sixtieth of a second.
const GOAL_MS: f64 = 16.0;

/// How long the window is used, and how long it is idle.
const USE: Duration = Duration::from_secs(60);
const REST: Duration = Duration::from_secs(20);

/// Arguments of `cargo xtask frame-times`.
#[derive(Debug, Args)]
pub(crate) struct FrameTimesArgs {
    /// Folder of the model [default: random weights in the smallest published size]
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
    /// Pages in the report
    #[arg(long, value_name = "N", default_value_t = 500)]
    pages: usize,
    /// Use the program built for the tests, which is slower but exists already
    #[arg(long)]
    as_tested: bool,
}

/// Runs the measurement.
///
/// # Errors
/// When the window does not respond as expected, or frames take longer than the goal.
pub(crate) fn run(arguments: &FrameTimesArgs) -> Result<()> {
    machine::need_test_packages()?;
    pdfium::fetch()?;
    let recto = if arguments.as_tested { program::build_as_tested()? } else { program::build_release()? };
    let scratch = program::target_folder()?.join("window");
    std::fs::create_dir_all(&scratch).with_context(|| format!("cannot make {}", scratch.display()))?;
    let display = Display::start(1360, 860)?;
    let home = Home::new(&scratch)?;
    let model = if let Some(model) = &arguments.model {
        std::path::absolute(model).context("the model's folder has no absolute path")?
    } else {
        let model = home.path().join("random-model");
        random_model::write(&model, Size::AS_PUBLISHED)?;
        model
    };
    home.set(&serde_json::json!({ "model": model }))?;
    let report = home.path().join("long report.pdf");
    std::fs::write(&report, long_report::pdf(arguments.pages)).context("cannot write the report")?;
    first_frame(&recto, &display, &home)?;
    let late = in_use(&recto, &display, &home, &report)?;
    ensure!(late <= GOAL_MS, "99 of 100 frames take up to {late:.1} ms; {GOAL_MS} ms is the goal");
    Ok(())
}

/// Time from the program's start to the first frame.
fn first_frame(recto: &Path, display: &Display, home: &Home) -> Result<()> {
    for round in ["first start", "second start"] {
        let window = display.open(recto, home.path(), &["--frame-times"])?;
        window.still_picture()?;
        window.quit()?;
        say::line(format_args!("{round}: {}", home.logged("first frame")?));
    }
    Ok(())
}

/// Scrolls, asks and searches while the report is read. Returns the 99th percentile of frame times in milliseconds.
fn in_use(recto: &Path, display: &Display, home: &Home, report: &Path) -> Result<f64> {
    let report = report.to_str().context("the report's path is not text")?;
    let window = display.open(recto, home.path(), &["--frame-times", report])?;
    wait_for("the report to be known", || Ok(home.page()?.filter(|page| *page == 1)))?;
    let start = Instant::now();
    let mut round = 0;
    while start.elapsed() < USE {
        window.point_at((540, 500))?;
        window.press(5, 40)?;
        if round % 6 == 1 {
            window.keys(&["ctrl+l"])?;
            window.write("How much did net borrowing rise?")?;
            window.keys(&["Return"])?;
        }
        if round % 6 == 4 {
            window.keys(&["ctrl+f"])?;
            window.write("interest fell")?;
            window.keys(&["Return", "ctrl+a", "BackSpace", "Escape"])?;
        }
        window.keys(&["Next", "Next", "End", "Home", "Next"])?;
        round += 1;
    }
    rest(&window)?;
    window.quit()?;
    let words = home.logged("frames, median")?;
    say::line(format_args!("in use: {words}"));
    let late = words.split("99th percentile ").nth(1).and_then(|rest| rest.split(' ').next());
    late.and_then(|late| late.parse().ok()).context("the log has no percentile")
}

/// CPU use of the idle window: a full processor while the report is still being read, almost
/// none afterwards.
fn rest(window: &Window<'_>) -> Result<()> {
    window.point_at((540, 845))?;
    std::thread::sleep(Duration::from_secs(3));
    let before = window.processor_time()?;
    std::thread::sleep(REST);
    let after = window.processor_time()?;
    let (ui, all) = (after.0.saturating_sub(before.0), after.1.saturating_sub(before.1));
    let share = |time: Duration| 100.0 * time.as_secs_f64() / REST.as_secs_f64();
    say::line(format_args!(
        "idle: {:.1} % of a processor for the window, {:.1} % with all its threads",
        share(ui),
        share(all)
    ));
    Ok(())
}
