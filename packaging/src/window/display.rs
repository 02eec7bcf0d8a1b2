//! A virtual display, and Recto's window on it, driven by real key and pointer events.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::process::run as run_command;

/// Longest wait for anything, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(240);

/// A virtual display.
pub(crate) struct Display {
    name: String,
    _server: Running,
}

impl Display {
    /// Starts one of this size.
    pub(crate) fn start(width: u32, height: u32) -> Result<Self> {
        let mut command = Command::new("Xvfb");
        // The server picks a free display number and prints it.
        // Without -noreset it restarts when the last window closes, and refuses connections meanwhile.
        command.args([
            "-displayfd",
            "1",
            "-screen",
            "0",
            &format!("{width}x{height}x24"),
            "-nolisten",
            "tcp",
            "-noreset",
        ]);
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut server = Running(command.spawn().context("cannot start Xvfb")?);
        let stdout = server.0.stdout.take().context("Xvfb has no output")?;
        let mut number = String::new();
        BufReader::new(stdout).read_line(&mut number).context("Xvfb printed no display number")?;
        if number.trim().is_empty() {
            bail!("Xvfb did not start");
        }
        Ok(Self { name: format!(":{}", number.trim()), _server: server })
    }

    /// A command that runs on this display.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env("DISPLAY", &self.name).env_remove("WAYLAND_DISPLAY");
        command
    }

    /// Starts Recto with these arguments and its data below `home`, and waits for its window.
    pub(crate) fn open(&self, recto: &Path, home: &Path, arguments: &[&str]) -> Result<Window<'_>> {
        self.open_in(recto, home, &[], arguments)
    }

    /// Copies a text as another program does.
    pub(crate) fn copy(&self, text: &str) -> Result<()> {
        let mut command = self.command("xclip");
        let mut copying = command.args(["-selection", "clipboard"]).stdin(Stdio::piped()).stdout(Stdio::null());
        copying = copying.stderr(Stdio::null());
        let mut process = copying.spawn().context("cannot start xclip")?;
        let mut input = process.stdin.take().context("xclip has no input")?;
        input.write_all(text.as_bytes()).context("cannot write to xclip")?;
        drop(input);
        // It stays in the background to hand the text out.
        process.wait().context("cannot wait for xclip")?;
        Ok(())
    }

    /// What another program would paste.
    pub(crate) fn clipboard(&self) -> Result<String> {
        let pasted = self.command("xclip").args(["-selection", "clipboard", "-out"]).output();
        Ok(String::from_utf8_lossy(&pasted.context("cannot start xclip")?.stdout).into_owned())
    }

    /// Does the same with these environment variables.
    pub(crate) fn open_in(
        &self,
        recto: &Path,
        home: &Path,
        variables: &[(&str, &str)],
        arguments: &[&str],
    ) -> Result<Window<'_>> {
        let mut command = self.command(recto);
        self.open_by(command.args(arguments).envs(variables.iter().copied()).env("RECTO_HOME", home))
    }

    /// Starts Recto by a command from [`Display::command`], and waits for its window.
    pub(crate) fn open_by(&self, command: &mut Command) -> Result<Window<'_>> {
        let mut process = Running(command.spawn().context("cannot start recto")?);
        let id = wait_for("recto's window", || {
            if let Some(status) = process.0.try_wait().context("cannot query recto's state")? {
                bail!("recto ended with {status} before its window came up");
            }
            let found = self.command("xdotool").args(["search", "--onlyvisible", "--name", "Recto"]).output();
            let found = found.context("cannot start xdotool")?;
            Ok(String::from_utf8_lossy(&found.stdout).lines().next().map(String::from))
        })?;
        let window = Window { display: self, id, process };
        window.xdotool(&["windowfocus", "--sync", &window.id])?;
        Ok(window)
    }
}

/// Recto's window.
pub(crate) struct Window<'a> {
    display: &'a Display,
    id: String,
    process: Running,
}

impl Window<'_> {
    /// Presses keys by name.
    pub(crate) fn keys(&self, keys: &[&str]) -> Result<()> {
        keys.iter().try_for_each(|key| {
            self.xdotool(&["key", key])?;
            // One frame each: nobody types faster.
            std::thread::sleep(Duration::from_millis(120));
            Ok(())
        })
    }

    /// Types a text.
    pub(crate) fn write(&self, text: &str) -> Result<()> {
        self.xdotool(&["type", "--delay", "20", text])
    }

    /// Moves the pointer to a point of the window.
    pub(crate) fn point_at(&self, (x, y): (u32, u32)) -> Result<()> {
        self.xdotool(&["mousemove", "--window", &self.id, &x.to_string(), &y.to_string()])?;
        std::thread::sleep(Duration::from_millis(300));
        Ok(())
    }

    /// Clicks a mouse button several times: 1 is the left one, 4 and 5 scroll up and down.
    pub(crate) fn press(&self, button: u32, times: u32) -> Result<()> {
        self.xdotool(&["click", "--repeat", &times.to_string(), "--delay", "40", &button.to_string()])
    }

    /// A picture of the window.
    pub(crate) fn picture(&self) -> Result<Picture> {
        let shot = self.display.command("import").args(["-window", &self.id, "-depth", "8", "ppm:-"]).output();
        Picture::parse(&shot.context("cannot start import")?.stdout).context("import produced no picture")
    }

    /// Writes a picture of the window.
    pub(crate) fn save_picture(&self, path: &Path) -> Result<()> {
        run_command(self.display.command("import").args(["-window", &self.id]).arg(path))
    }

    /// Waits until nothing moves any more and returns the picture.
    pub(crate) fn still_picture(&self) -> Result<Picture> {
        let mut last = self.picture()?;
        wait_for("the window to come to rest", || {
            std::thread::sleep(Duration::from_millis(700));
            let next = self.picture()?;
            let is_still = next.share_of_difference(&last) < 0.0005;
            last = next;
            Ok(is_still.then(|| last.clone()))
        })
    }

    /// Closes it by keyboard and waits for the program to exit.
    pub(crate) fn quit(mut self) -> Result<()> {
        // Without a window manager there is no close button.
        self.xdotool(&["windowfocus", "--sync", &self.id, "key", "ctrl+q"])?;
        let status = wait_for("recto to close", || self.process.0.try_wait().context("cannot query recto's state"))?;
        if !status.success() {
            bail!("recto's window closed, but recto ended with {status}");
        }
        Ok(())
    }

    /// Kills the program at once, like a power cut.
    pub(crate) fn kill(mut self) -> Result<()> {
        self.process.0.kill().context("cannot kill recto")?;
        self.process.0.wait().context("cannot wait for recto")?;
        Ok(())
    }

    /// CPU time of the program's first thread, which draws, and of all threads.
    pub(crate) fn processor_time(&self) -> Result<(Duration, Duration)> {
        let id = self.process.0.id();
        let time = |path: String| -> Result<Duration> {
            let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
            let mut fields = text.rsplit(") ").next().unwrap_or_default().split_whitespace().skip(11);
            let mut ticks = || fields.next().and_then(|field| field.parse::<u64>().ok()).unwrap_or_default();
            // A tick is a hundredth of a second on every system this runs on.
            Ok(Duration::from_millis(10 * (ticks() + ticks())))
        };
        Ok((time(format!("/proc/{id}/task/{id}/stat"))?, time(format!("/proc/{id}/stat"))?))
    }

    fn xdotool(&self, words: &[&str]) -> Result<()> {
        run_command(self.display.command("xdotool").args(words))
    }
}

/// A picture of the window, three bytes per pixel.
#[derive(Clone)]
pub(crate) struct Picture {
    width: usize,
    pixels: Vec<[u8; 3]>,
}

impl Picture {
    /// Parses a binary PPM.
    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut at = 0;
        let mut word = || {
            let start = at + bytes.get(at..)?.iter().position(|byte| !byte.is_ascii_whitespace())?;
            let end = start + bytes.get(start..)?.iter().position(u8::is_ascii_whitespace)?;
            at = end;
            std::str::from_utf8(bytes.get(start..end)?).ok()
        };
        (word()? == "P6").then_some(())?;
        let (width, height): (usize, usize) = (word()?.parse().ok()?, word()?.parse().ok()?);
        (word()? == "255").then_some(())?;
        let data = bytes.get(at + 1..at + 1 + width * height * 3)?;
        Some(Self { width, pixels: data.chunks_exact(3).map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect() })
    }

    /// Number of colours; an empty window has one or two.
    pub(crate) fn colours(&self) -> usize {
        self.pixels.iter().collect::<std::collections::HashSet<_>>().len()
    }

    /// Share of the pixels that differ clearly from those of another picture of the same size.
    pub(crate) fn share_of_difference(&self, other: &Self) -> f64 {
        if self.pixels.len() != other.pixels.len() {
            return 1.0;
        }
        let differ = |(one, other): &(&[u8; 3], &[u8; 3])| one.iter().zip(*other).any(|(a, b)| a.abs_diff(*b) > 40);
        let count = self.pixels.iter().zip(&other.pixels).filter(differ).count();
        count as f64 / self.pixels.len().max(1) as f64
    }

    /// The centre of the first box, from the top, of `width` by `height` pixels filled with `colour`, searched right
    /// of `from_x`.
    pub(crate) fn find(&self, colour: [u8; 3], (width, height): (usize, usize), from_x: usize) -> Option<(u32, u32)> {
        let rows = self.pixels.len() / self.width.max(1);
        let is_filled = |x: usize, y: usize| {
            (y..y + height).all(|y| (x..x + width).all(|x| self.pixels.get(y * self.width + x) == Some(&colour)))
        };
        for y in 0..rows.saturating_sub(height) {
            for x in from_x..self.width.saturating_sub(width) {
                if self.pixels[y * self.width + x] == colour && is_filled(x, y) {
                    return Some(((x + width / 2) as u32, (y + height / 2) as u32));
                }
            }
        }
        None
    }
}

/// Polls `look` until it returns something.
pub(crate) fn wait_for<T>(what: &str, mut look: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let start = Instant::now();
    loop {
        if let Some(found) = look()? {
            return Ok(found);
        }
        if start.elapsed() > PATIENCE {
            bail!("waited {} s for {what}", PATIENCE.as_secs());
        }
        std::thread::sleep(Duration::from_millis(150));
    }
}

/// An empty folder, removed on drop.
pub(crate) struct Scratch(pub(crate) PathBuf);

impl Scratch {
    /// Creates one in `parent`.
    pub(crate) fn new(parent: &Path, name: &str) -> Result<Self> {
        let path = parent.join(format!("{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Anything left is in cargo's output folder.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A process that is killed with its owner.
pub(crate) struct Running(pub(crate) Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have exited by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(rows: &[&str]) -> Picture {
        let mut ppm = format!("P6\n{} {}\n255\n", rows[0].len(), rows.len()).into_bytes();
        ppm.extend(rows.iter().flat_map(|row| row.bytes()).flat_map(|byte| [byte; 3]));
        Picture::parse(&ppm).unwrap()
    }

    #[test]
    fn a_box_of_one_colour_is_found() {
        let picture = picture(&["..xx....", "...xxx..", "...xxx..", "........"]);
        assert_eq!(picture.find([b'x'; 3], (3, 2), 0), Some((4, 2)));
        assert_eq!(picture.find([b'x'; 3], (3, 3), 0), None);
        assert_eq!(picture.find([b'x'; 3], (2, 2), 4), Some((5, 2)));
        assert_eq!(picture.colours(), 2);
    }

    #[test]
    fn pictures_differ_by_a_share() {
        assert!((picture(&["xxxx"]).share_of_difference(&picture(&["xx.."])) - 0.5).abs() < 1e-9);
        assert!(Picture::parse(b"P6 4 4 255 too short").is_none());
    }
}
