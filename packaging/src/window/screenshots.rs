//! `cargo xtask screenshots`: takes screenshots of every screen in both themes, in `assets/screenshots`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};

use super::check::theme_colour;
use super::display::{Display, Window, wait_for};
use super::home::Home;
use super::slow_hub::SlowHub;
use crate::process::{repository, run as run_command};
use crate::{machine, pdfium, program, say};

/// Takes all screenshots.
///
/// # Errors
/// When the window does not open, or a picture cannot be written.
pub(crate) fn run() -> Result<()> {
    machine::need_test_packages()?;
    pdfium::fetch()?;
    let recto = program::build_as_tested()?;
    program::pull_starter(&recto)?;
    let folder = repository().join("assets/screenshots");
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let scratch = program::target_folder()?.join("window");
    std::fs::create_dir_all(&scratch).with_context(|| format!("cannot make {}", scratch.display()))?;
    let display = Display::start(1360, 860)?;
    let hub = SlowHub::start()?;
    for theme in ["light", "dark"] {
        let fresh = Home::fresh(&scratch)?;
        photograph_first_start(
            &Studio { recto: &recto, display: &display, home: &fresh, folder: &folder, theme },
            &hub,
        )?;
        let home = Home::new(&scratch)?;
        photograph(&Studio { recto: &recto, display: &display, home: &home, folder: &folder, theme })?;
    }
    Ok(())
}

/// Positions on the first-start screen at the default window size: the speed estimate, the smallest T5Gemma 2 after the
/// estimate, and an empty spot.
const ESTIMATE: (u32, u32) = (960, 376);
const GET_SMALLEST: (u32, u32) = (985, 676);
const NOWHERE: (u32, u32) = (1200, 700);

/// A box in the accent colour that only the wide button for accepting a licence fills.
const WIDE: (usize, usize) = (300, 4);
const ACCENT: &str = "accent";

/// What all screenshots need.
struct Studio<'a> {
    recto: &'a Path,
    display: &'a Display,
    home: &'a Home,
    folder: &'a Path,
    theme: &'a str,
}

impl Studio<'_> {
    fn open(&self, arguments: &[&str]) -> Result<Window<'_>> {
        let arguments: Vec<&str> = ["--theme", self.theme].into_iter().chain(arguments.iter().copied()).collect();
        self.display.open(self.recto, self.home.path(), &arguments)
    }

    /// Takes a screenshot once nothing moves any more.
    fn take(&self, window: &Window<'_>, name: &str) -> Result<()> {
        window.still_picture()?;
        self.take_now(window, name)
    }

    /// Takes a screenshot at once.
    fn take_now(&self, window: &Window<'_>, name: &str) -> Result<()> {
        let path: PathBuf = self.folder.join(format!("{name}-{}.png", self.theme));
        window.save_picture(&path)?;
        // A window has few colours: with a palette the file is a third as large.
        run_command(std::process::Command::new("mogrify").args(["-strip", "-colors", "255", "+dither"]).arg(&path))?;
        say::line(format_args!("{}", path.display()));
        Ok(())
    }
}

/// The first start, and a download from a slow hub.
fn photograph_first_start(studio: &Studio<'_>, hub: &SlowHub) -> Result<()> {
    let variables = [("HF_ENDPOINT", hub.address()), ("HF_TOKEN", "hf_photograph")];
    let arguments = ["--theme", studio.theme];
    let window = studio.display.open_in(studio.recto, studio.home.path(), &variables, &arguments)?;
    window.still_picture()?;
    window.point_at(ESTIMATE)?;
    window.press(1, 1)?;
    std::thread::sleep(Duration::from_secs(12));
    window.point_at(NOWHERE)?;
    studio.take(&window, "first-start")?;
    window.point_at(GET_SMALLEST)?;
    window.press(1, 1)?;
    window.point_at(NOWHERE)?;
    studio.take(&window, "licence")?;
    let accent = theme_colour(studio.theme, ACCENT)?;
    let accept = window.picture()?.find(accent, WIDE, 0).context("there is no button to accept the licence")?;
    window.point_at(accept)?;
    window.press(1, 1)?;
    window.point_at(NOWHERE)?;
    // By now the fast part has arrived and the speed is known.
    std::thread::sleep(Duration::from_secs(20));
    studio.take_now(&window, "download")?;
    window.quit()
}

fn photograph(studio: &Studio<'_>) -> Result<()> {
    let sample = program::sample();
    let sample = sample.to_str().context("the repository's path is not text")?;
    let window = studio.open(&[sample, "--question", program::QUESTION])?;
    wait_for("an answer", || Ok(studio.home.turns()?.into_iter().find(|turn| turn["end"] == "Answered")))?;
    window.point_at((540, 845))?;
    window.keys(&["ctrl+e"])?;
    studio.take(&window, "answer")?;
    window.keys(&["Escape", "ctrl+f"])?;
    window.write("net exports")?;
    window.keys(&["Return"])?;
    std::thread::sleep(Duration::from_secs(3));
    studio.take(&window, "search")?;
    window.keys(&["ctrl+a", "BackSpace", "Escape", "ctrl+k"])?;
    studio.take(&window, "commands")?;
    window.keys(&["Escape", "ctrl+shift+l"])?;
    studio.take(&window, "library")?;
    window.keys(&["ctrl+comma"])?;
    studio.take(&window, "settings")?;
    window.quit()
}
