//! The Windows packages, each in a fresh wine prefix: installed, started as by a double-click, asked, upgraded while
//! running, and removed without a trace.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use super::wine::Wine;
use crate::dist::windows::{APPLICATION, DOCUMENT, ENDINGS};
use crate::process::run;
use crate::window::display::wait_for;
use crate::window::home::Home;
use crate::{program, say};

/// Where both installers put the program, relative to the user's folder.
const INSTALLED: &str = "AppData/Local/Programs/Recto";

/// Where user data is, relative to the user's folder.
const KEPT: [&str; 2] = ["AppData/Roaming/recto", "AppData/Local/recto"];

/// A name with spaces, umlauts and Chinese characters.
const FOLDER: &str = "Jährliche Berichte 年次報告";
const REPORT: &str = "Bericht für Größen 四半期.pdf";

/// Fewest colours in a screenshot that shows a page.
const FEWEST_COLOURS: usize = 32;

/// Checks all packages of this name, `recto-0.1.0-windows-x86_64`, in a folder; pictures go to `pictures`.
///
/// # Errors
/// Names the package and what is wrong with it.
pub(crate) fn check(folder: &Path, name: &str, pictures: &Path) -> Result<()> {
    fs::create_dir_all(pictures).with_context(|| format!("cannot make {}", pictures.display()))?;
    let package = |end: &str| folder.join(format!("{name}{end}"));
    check_installer(&package("-setup.exe"), pictures).context("the installer")?;
    check_msi(&package(".msi"), pictures).context("the .msi")?;
    check_zip(&package(".zip"), name, pictures).context("the .zip")
}

fn check_installer(setup: &Path, pictures: &Path) -> Result<()> {
    let wine = Wine::new(pictures, "nsis")?;
    let setup = drive_z(setup)?;
    wine.run(&[&setup, "/S"])?;
    let user = wine.user()?;
    let installed = format!("{user}/{INSTALLED}");
    for file in ["recto.exe", "recto.com", "pdfium.dll", "uninstall.exe"] {
        ensure!(wine.place(&installed).join(file).is_file(), "{file} was not installed");
    }
    is_offered(&wine)?;
    use_it(&wine, &installed, &pictures.join("nsis.png"))?;
    waits_for_the_window(&wine, &setup, &installed)?;

    let uninstall = drive_c(&format!("{installed}/uninstall.exe"));
    wine.run(&[&uninstall, "/S"])?;
    wine.wait_until_gone(&installed)?;
    only_kept_is_left(&wine, &user)?;
    // Install again, and remove it together with its data.
    wine.run(&[&setup, "/S"])?;
    wine.run(&[&uninstall, "/S", "/PURGE"])?;
    wine.wait_until_gone(&installed)?;
    KEPT.iter().try_for_each(|kept| wine.wait_until_gone(&format!("{user}/{kept}")))?;
    nothing_is_left(&wine)?;
    say::result(format_args!("the installer: installed, used, upgraded, removed, and removed with its data"));
    Ok(())
}

fn check_msi(package: &Path, pictures: &Path) -> Result<()> {
    let wine = Wine::new(pictures, "msi")?;
    let package = drive_z(package)?;
    wine.run(&["msiexec", "/i", &package, "/qn"])?;
    let user = wine.user()?;
    let installed = format!("{user}/{INSTALLED}");
    ensure!(wine.place(&installed).join("recto.exe").is_file(), "recto.exe was not installed");
    is_offered(&wine)?;
    use_it(&wine, &installed, &pictures.join("msi.png"))?;
    wine.run(&["msiexec", "/x", &package, "/qn"])?;
    wine.wait_until_gone(&installed)?;
    only_kept_is_left(&wine, &user)?;
    say::result(format_args!("the .msi: installed, used and removed"));
    Ok(())
}

fn check_zip(package: &Path, name: &str, pictures: &Path) -> Result<()> {
    let wine = Wine::new(pictures, "zip")?;
    let user = wine.user()?;
    let inside = format!("{user}/Desktop/{FOLDER}");
    let folder = wine.place(&inside);
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    run(Command::new("python3").args(["-m", "zipfile", "-e"]).arg(package).arg(&folder))?;
    use_it(&wine, &format!("{inside}/{name}"), &pictures.join("zip.png"))?;
    say::result(format_args!("the .zip: used from the folder {FOLDER}"));
    Ok(())
}

/// Checks that "Open with" offers the program for every extension and that it is the default for none.
fn is_offered(wine: &Wine) -> Result<()> {
    for ending in ENDINGS {
        let key = format!(r"Software\Classes\{ending}");
        let offered = wine.registered(&format!(r"{key}\OpenWithProgids"), Some("Recto.Document"))?;
        ensure!(offered.is_some(), "{ending} does not offer Recto");
        let default = wine.registered(&key, None)?.unwrap_or_default();
        ensure!(!default.contains("Recto"), "Recto became the default program for {ending}");
    }
    Ok(())
}

/// Adds the starter model, asks in a terminal, then in the window opened by a double-click.
fn use_it(wine: &Wine, installed: &str, picture: &Path) -> Result<()> {
    let user = wine.user()?;
    let terminal = drive_c(&format!("{installed}/recto.com"));
    let model = drive_z(&starter()?)?;
    wine.run(&[&terminal, "models", "add", &model, "--name", "starter", "--accept-licence"])?;

    let deep =
        ["a long name for a folder that is one of many".repeat(2), "and another".repeat(8), "and a last".repeat(9)];
    let long = format!("{user}/Documents/{}/{REPORT}", deep.join("/"));
    ensure!(long.chars().count() > 260, "the long path is short");
    let short = format!("{user}/Documents/{FOLDER}/{REPORT}");
    for report in [&long, &short] {
        let place = wine.place(report);
        let folder = place.parent().context("a file without a folder")?;
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        fs::copy(program::sample(), &place).with_context(|| format!("cannot write {}", place.display()))?;
    }
    let said = wine.run(&[&terminal, "ask", &drive_c(&long), program::QUESTION, "--json"])?;
    let answer: Value = serde_json::from_str(said.trim()).with_context(|| format!("no answer: {said}"))?;
    let text = answer["text"].as_str().unwrap_or_default();
    ensure!(!text.trim().is_empty(), "the answer in the terminal is empty: {said}");
    say::line(format_args!("in the terminal, with a path of {} characters: {}", long.chars().count() + 3, text.trim()));
    in_the_window(wine, installed, &short, picture)
}

/// Opens a report as by a double-click, then asks and closes the window by keyboard.
fn in_the_window(wine: &Wine, installed: &str, report: &str, picture: &Path) -> Result<()> {
    let home = Home::found(wine.place(&format!("{}/{}", wine.user()?, KEPT[0])));
    let registered = wine.registered(&format!(r"{DOCUMENT}\shell\open\command"), None)?;
    // Without an installer no file type is registered; the report is dropped onto the program.
    let opened = registered.unwrap_or_else(|| format!("\"{}\" \"%1\"", drive_c(&format!("{installed}/recto.exe"))));
    let words: Vec<String> = opened
        .split('"')
        .map(str::trim)
        .filter(|word| !word.is_empty())
        .map(|word| word.replace("%1", &drive_c(report)))
        .collect();
    let mut command = wine.command();
    let window = wine.display().open_by(command.args(&words))?;
    let outcome = (|| {
        wait_for("the page to be drawn", || Ok((window.picture()?.colours() >= FEWEST_COLOURS).then_some(())))?;
        wait_for("the report to be known", || home.page())?;
        window.still_picture()?;
        window.keys(&["ctrl+l"])?;
        window.write(program::QUESTION)?;
        window.keys(&["Return"])?;
        wait_for("an answer", || Ok(home.turns()?.into_iter().find(|turn| turn["end"] == "Answered")))?;
        window.still_picture().map(|_| ())
    })();
    window.save_picture(picture)?;
    outcome?;
    window.quit()
}

/// Checks that an installer started while the window is open waits for it, and that the program works afterwards.
fn waits_for_the_window(wine: &Wine, setup: &str, installed: &str) -> Result<()> {
    let program = drive_c(&format!("{installed}/recto.exe"));
    let mut command = wine.command();
    let window = wine.display().open_by(command.arg(&program))?;
    let mut setup = wine.command().args([setup, "/S"]).spawn().context("cannot start the installer")?;
    std::thread::sleep(Duration::from_secs(10));
    if let Some(status) = setup.try_wait().context("cannot query the installer's state")? {
        bail!("the installer did not wait for the window to close; it ended with {status}");
    }
    window.quit()?;
    let status = wait_for("the installer", || setup.try_wait().context("cannot query the installer's state"))?;
    ensure!(status.success(), "the installer ended with {status}");
    let listed = wine.run(&[&drive_c(&format!("{installed}/recto.com")), "models", "list"])?;
    ensure!(listed.contains("starter"), "the model is gone after an upgrade: {listed}");
    Ok(())
}

/// Checks that user data is still there and nothing else mentions the program.
fn only_kept_is_left(wine: &Wine, user: &str) -> Result<()> {
    for kept in KEPT {
        ensure!(wine.place(&format!("{user}/{kept}")).is_dir(), "{kept} was removed with the program");
    }
    let kept = KEPT.map(|kept| wine.place(&format!("{user}/{kept}")).display().to_string());
    let traces = wine.traces()?;
    let left: Vec<_> = traces.iter().filter(|trace| !kept.contains(trace)).collect();
    ensure!(left.is_empty(), "left behind: {left:#?}");
    Ok(())
}

fn nothing_is_left(wine: &Wine) -> Result<()> {
    let left = wine.traces()?;
    ensure!(left.is_empty(), "left behind: {left:#?}");
    let application = wine.registered(APPLICATION, Some("FriendlyAppName"))?;
    ensure!(application.is_none(), "\"Open with\" still lists Recto");
    Ok(())
}

/// The starter model's file, as installed for this user.
fn starter() -> Result<PathBuf> {
    let user = directories::ProjectDirs::from("", "", "recto").context("this user has no home folder")?;
    let model = user.data_dir().join("models-v1/starter/model.gguf");
    ensure!(model.is_file(), "the starter model is not installed here; run `recto models pull starter`");
    Ok(model)
}

/// The Windows path of a file on this machine.
fn drive_z(path: &Path) -> Result<String> {
    let path = std::path::absolute(path).context("this folder is gone")?;
    let text = path.to_str().context("a path is not text")?;
    Ok(format!("Z:{}", text.replace('/', r"\")))
}

/// The Windows path of a file on drive C.
fn drive_c(inside: &str) -> String {
    format!(r"C:\{}", inside.replace('/', r"\"))
}
