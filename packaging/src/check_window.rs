//! `cargo xtask check-window`: the real window on a virtual display.
//!
//! Opens the sample report, waits for the window, takes a picture of it, types a question into it, and closes it. What
//! the window does with each event is tested without a display; this shows that the whole of it comes up.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::process::{output, run as run_command};
use crate::{machine, pdfium, program, say};

/// Longest wait for a window, on a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_secs(60);

/// Fewest colours in the picture of a window that shows text: a window that stays empty has one or two.
const FEWEST_COLOURS: u32 = 32;

/// Runs the check.
///
/// # Errors
/// When the window does not come up, stays empty, does not react or does not close.
pub(crate) fn run() -> Result<()> {
    if !cfg!(target_os = "linux") {
        say::line(format_args!("there is no virtual display on this system; the window is not checked"));
        return Ok(());
    }
    machine::need_test_packages()?;
    pdfium::fetch()?;
    let recto = program::build_as_tested()?;
    let pictures = program::target_folder()?.join("window");
    std::fs::create_dir_all(&pictures).with_context(|| format!("cannot make {}", pictures.display()))?;
    let display = Display::start()?;
    for theme in ["light", "dark"] {
        check(&recto, theme, &display, &pictures)?;
    }
    Ok(())
}

fn check(recto: &Path, theme: &str, display: &Display, pictures: &Path) -> Result<()> {
    let mut command = Command::new(recto);
    command.arg(program::sample()).args(["--theme", theme]).env("DISPLAY", &display.name);
    let mut process = Running(command.env_remove("WAYLAND_DISPLAY").spawn().context("cannot start recto")?);
    let window = wait_for("recto's window", || {
        if let Some(status) = process.0.try_wait().context("cannot ask for recto's state")? {
            bail!("recto ended with {status} before its window came up");
        }
        let found = display.command("xdotool").args(["search", "--onlyvisible", "--name", "Recto"]).output();
        let found = found.context("cannot start xdotool")?;
        Ok(String::from_utf8_lossy(&found.stdout).lines().next().map(String::from))
    })?;
    let path = pictures.join(format!("{theme}.png"));
    let colours = wait_for("the window to be drawn", || {
        run_command(display.command("import").args(["-window", &window]).arg(&path))?;
        let count = output(Command::new("identify").args(["-format", "%k"]).arg(&path))?;
        let count: u32 = count.trim().parse().context("identify did not count colours")?;
        Ok((count >= FEWEST_COLOURS).then_some(count))
    })?;
    type_a_question(display, &window, &path)?;
    say::line(format_args!("{theme} window: {colours} colours, picture in {}", path.display()));
    close(display, &window, &mut process)
}

/// Types into the question's field, which has the focus once a report is open: the picture must change.
fn type_a_question(display: &Display, window: &str, before: &Path) -> Result<()> {
    let after = before.with_extension("typed.png");
    run_command(display.command("xdotool").args(["windowfocus", "--sync", window]))?;
    run_command(display.command("xdotool").args(["type", "--delay", "20", "Who publishes this"]))?;
    wait_for("the typed text to show", || {
        run_command(display.command("import").args(["-window", window]).arg(&after))?;
        let compared = Command::new("compare").args(["-metric", "AE"]).arg(before).arg(&after).arg("null:").output();
        let compared = compared.context("cannot start compare")?;
        // `compare` ends with 1 where the pictures differ, 2 where it failed.
        Ok((compared.status.code() == Some(1)).then_some(()))
    })
}

fn close(display: &Display, window: &str, process: &mut Running) -> Result<()> {
    // Without a window manager nobody sends the message that a click on the close button would.
    run_command(display.command("xdotool").args(["windowfocus", "--sync", window, "key", "ctrl+q"]))?;
    let status = wait_for("recto to close", || process.0.try_wait().context("cannot ask for recto's state"))?;
    if !status.success() {
        bail!("recto's window closed, but recto ended with {status}");
    }
    Ok(())
}

/// Asks `look` until it has something.
fn wait_for<T>(what: &str, mut look: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let start = Instant::now();
    loop {
        if let Some(found) = look()? {
            return Ok(found);
        }
        if start.elapsed() > PATIENCE {
            bail!("waited {} s for {what}", PATIENCE.as_secs());
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// A process that ends with its owner.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A virtual display.
struct Display {
    name: String,
    _server: Running,
}

impl Display {
    fn start() -> Result<Self> {
        let mut command = Command::new("Xvfb");
        // The server picks a free number itself and says which.
        command.args(["-displayfd", "1", "-screen", "0", "1280x860x24", "-nolisten", "tcp"]);
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut server = Running(command.spawn().context("cannot start Xvfb")?);
        let stdout = server.0.stdout.take().context("no output of Xvfb")?;
        let mut number = String::new();
        BufReader::new(stdout).read_line(&mut number).context("Xvfb did not say its number")?;
        if number.trim().is_empty() {
            bail!("Xvfb did not start");
        }
        Ok(Self { name: format!(":{}", number.trim()), _server: server })
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("DISPLAY", &self.name);
        command
    }
}
