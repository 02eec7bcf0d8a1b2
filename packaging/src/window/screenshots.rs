//! `cargo xtask screenshots`: pictures of every screen for people, in both themes, into `assets/screenshots`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};

use super::display::{Display, Window, wait_for};
use super::home::Home;
use crate::process::{repository, run as run_command};
use crate::{machine, pdfium, program, say};

/// Makes all of them.
///
/// # Errors
/// When the window does not come up, or a picture cannot be written.
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
    for theme in ["light", "dark"] {
        let home = Home::new(&scratch)?;
        photograph(&Studio { recto: &recto, display: &display, home: &home, folder: &folder, theme })?;
    }
    Ok(())
}

/// What a session of pictures works with.
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

    /// Takes a picture once nothing moves any more.
    fn take(&self, window: &Window<'_>, name: &str) -> Result<()> {
        window.still_picture()?;
        let path: PathBuf = self.folder.join(format!("{name}-{}.png", self.theme));
        window.save_picture(&path)?;
        // A window has few colours: with a palette of its own a picture is a third as large.
        run_command(std::process::Command::new("mogrify").args(["-strip", "-colors", "255", "+dither"]).arg(&path))?;
        say::line(format_args!("{}", path.display()));
        Ok(())
    }
}

fn photograph(studio: &Studio<'_>) -> Result<()> {
    let window = studio.open(&[])?;
    studio.take(&window, "first-start")?;
    window.quit()?;
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
