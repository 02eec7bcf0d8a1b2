//! `cargo xtask check-image`: uses the disk image as a user would: mounts it, copies the application, opens it from the
//! Finder, asks, quits.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use super::{bundle, image};
use crate::dist;
use crate::dist::release::Release;
use crate::dist::stage::copy;
use crate::dist::target::Target;
use crate::process::{output, run};
use crate::program::{QUESTION, sample};
use crate::say;
use crate::window::display::{Scratch, wait_for};
use crate::window::home::Home;
use crate::window::random_model::{self, Size};

/// Where the application is installed: a folder with a typical user's name.
const FOLDER: &str = "Größe & 報告";

/// A second report, opened while the application runs.
const NOTES: &str = "Net receipts fell by 4.2 percent.\n";

/// Checks the image that `cargo xtask dist` made for this machine.
///
/// # Errors
/// When there is none, or anything is not as a user would expect.
pub(crate) fn run_checks() -> Result<()> {
    if !cfg!(target_os = "macos") {
        bail!("disk images can be mounted only on a Mac");
    }
    let folder = dist::folder()?;
    let image = folder.join(image::name(&Release::of_this_tree(None, false)?, &Target::host()?));
    ensure!(image.is_file(), "{} is missing; build it with `cargo xtask dist`", image.display());
    let scratch = Scratch::new(&folder, "check")?;
    let app = drag_out(&image, &scratch.0)?;
    run(Command::new("codesign").args(["--verify", "--strict", "--deep"]).arg(&app))?;
    ask(&app, &scratch.0)?;
    open_by_finder(&app, &scratch.0)?;
    say::result(format_args!("{}: copied, asked, opened from the Finder, quit", image.display()));
    Ok(())
}

/// Mounts the image and copies the application out of it.
fn drag_out(image: &Path, scratch: &Path) -> Result<PathBuf> {
    let mounted = scratch.join("mounted");
    fs::create_dir_all(&mounted).with_context(|| format!("cannot make {}", mounted.display()))?;
    let mut attach = Command::new("hdiutil");
    run(attach.args(["attach", "-quiet", "-readonly", "-nobrowse", "-mountpoint"]).arg(&mounted).arg(image))?;
    let app = scratch.join(FOLDER).join(bundle::NAME);
    let copied = run(Command::new("ditto").arg(mounted.join(bundle::NAME)).arg(&app));
    run(Command::new("hdiutil").args(["detach", "-quiet"]).arg(&mounted))?;
    copied?;
    Ok(app)
}

/// Checks that the program inside answers on the command line, with its own PDFium.
fn ask(app: &Path, scratch: &Path) -> Result<()> {
    let model = scratch.join("model");
    random_model::write(&model, Size::SMALL)?;
    // The report inside the application, because a user may have no other.
    let name = sample();
    let report = app.join("Contents/Resources/sample").join(name.file_name().context("the sample has no name")?);
    let mut ask = Command::new(app.join(bundle::PROGRAM));
    ask.env("RECTO_HOME", scratch.join("home of the command line")).env_remove("RECTO_PDFIUM");
    ask.arg("ask").arg(report).arg(QUESTION).args(["--pages", "1-2", "--json", "--model"]).arg(model);
    let answer = output(&mut ask)?;
    let answer: serde_json::Value = serde_json::from_str(answer.trim()).context("the answer is not JSON")?;
    ensure!(answer.is_object(), "the answer is not an object");
    Ok(())
}

/// Opens a report from the Finder, and another while the application runs.
fn open_by_finder(app: &Path, scratch: &Path) -> Result<()> {
    let home = Home::called(scratch, "home")?;
    let mut variable = std::ffi::OsString::from("RECTO_HOME=");
    variable.push(home.path());
    let open = |report: &Path, starts: bool| {
        let mut open = Command::new("open");
        if starts {
            open.arg("-n").arg("--env").arg(&variable);
        }
        run(open.arg("-a").arg(app).arg(report))
    };
    let report = scratch.join("report.pdf");
    copy(&sample(), &report)?;
    open(&report, true)?;
    let opened = wait_for("the report that the Finder named", || Ok(home.page()?.filter(|page| *page == 1)));
    let notes = scratch.join("notes.txt");
    fs::write(&notes, NOTES).context("cannot write a note")?;
    let second = opened.and_then(|_| {
        let first = home.front()?;
        open(&notes, false)?;
        let is_other = |front: &String| Some(front) != first.as_ref();
        wait_for("the second report in the same window", || Ok(home.front()?.filter(is_other)))
    });
    let processes = processes(app)?;
    for process in &processes {
        run(Command::new("kill").arg(process))?;
    }
    second?;
    let windows = processes.len();
    if windows != 1 {
        bail!("{windows} windows are open; the second report should have opened in the first");
    }
    wait_for("the application to end", || Ok(self::processes(app)?.is_empty().then_some(())))
}

/// The application's main processes; its PDF processes have an argument.
fn processes(app: &Path) -> Result<Vec<String>> {
    let program = app.join(bundle::PROGRAM);
    let program = program.to_str().context("the application's path is not text")?;
    let found = output(Command::new("ps").args(["-axo", "pid=,command="]))?;
    let own = found.lines().filter_map(|line| line.trim().split_once(' ')).filter(|(_, command)| *command == program);
    Ok(own.map(|(pid, _)| pid.to_owned()).collect())
}
