//! `recto read`: reads documents ahead of time and prints the reading map.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use engine::protocol::{Command, Outcome, PageReport, PageState, ReadJob, ReadingMap, WindowOrigin, WindowReport};
use engine::untrusted::printable;

use crate::cli::ask::print;
use crate::cli::failure::Failure;
use crate::cli::options::{ComputeArgs, ReadingArgs};
use crate::cli::progress::{REQUEST, follow, pages};

/// Arguments of `recto read`.
#[derive(Debug, Args)]
pub(crate) struct ReadArgs {
    /// PDFs, images, text files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    reading: ReadingArgs,
    #[command(flatten)]
    compute: ComputeArgs,
    /// Only list what would be read: pages, lines, figures, tables and, if a model is installed, tokens
    #[arg(long)]
    plan: bool,
    /// Also save figures as PNG files named by page, with their boxes in figures.json
    #[arg(long, value_name = "DIR")]
    figures: Option<PathBuf>,
    /// Print the reading map as one JSON object
    #[arg(long)]
    json: bool,
}

/// Runs `recto read`.
pub(crate) fn run(arguments: &ReadArgs) -> Result<(), Failure> {
    let job = ReadJob {
        sources: arguments.reading.sources(&arguments.files)?,
        reading: arguments.reading.options(),
        compute: arguments.compute.options(),
        plan_only: arguments.plan,
        figures_to: arguments.figures.clone(),
    };
    let outcome = follow(Command::Read { request: REQUEST, job }, &mut |_| ())?;
    let Outcome::Read(map) = outcome else {
        return Err(Failure::new("the engine returned no reading map", None));
    };
    if arguments.json {
        let json = serde_json::to_string(&map)
            .map_err(|error| Failure::new(format!("the map cannot be written as JSON: {error}"), None))?;
        print(&format!("{json}\n"))
    } else {
        print(&map_text(&map))
    }
}

fn map_text(map: &ReadingMap) -> String {
    let mut out = String::new();
    for document in &map.documents {
        let title = document.title.as_deref().map(|title| format!(" — {}", printable(title))).unwrap_or_default();
        // Writing to a string never fails.
        let _ = writeln!(out, "{}{title}", printable(&document.name));
        let _ = writeln!(out, "   page  state    lines  tables  figures  tokens");
        for page in map.pages.iter().filter(|page| page.document == document.index) {
            let _ = writeln!(out, "{}", page_line(page));
        }
    }
    if map.encoded {
        let _ = writeln!(out, " window  pages        tokens  figures");
        for (number, window) in (1..).zip(&map.windows) {
            let _ = writeln!(out, "{}", window_line(number, window));
        }
    }
    let sum = |of: fn(&PageReport) -> u32| map.pages.iter().map(of).sum::<u32>();
    let _ = writeln!(
        out,
        "{}, {} lines, {} tables, {} figures, {} tokens in {} windows",
        pages(map.pages.len() as u32),
        sum(|page| page.lines),
        sum(|page| page.tables),
        sum(|page| page.figures),
        map.tokens,
        map.windows.len()
    );
    let _ = write!(out, "pages read in {:.1} s", map.pages_secs);
    if map.encoded {
        let cached = map.windows.iter().filter(|window| window.origin == WindowOrigin::Kept).count();
        let made = map.windows.len() - cached;
        let _ = write!(out, ", {made} windows encoded and {cached} from the cache in {:.1} s", map.encoding_secs);
    }
    out.push('\n');
    if let Some(last) = map.figures_written.last() {
        let _ = writeln!(out, "{} figures written, boxes in {}", map.figures_written.len() - 1, last.display());
    }
    out
}

fn window_line(number: usize, window: &WindowReport) -> String {
    let pages = match (window.first_page, window.last_page) {
        (first, last) if first == last => first.to_string(),
        (first, last) => format!("{first}-{last}"),
    };
    let origin = match window.origin {
        WindowOrigin::Planned => "planned",
        WindowOrigin::Encoded => "encoded",
        WindowOrigin::Kept => "cached",
    };
    format!("{number:>7}  {pages:<9}  {:>8}  {:>7}  {origin}", window.tokens, window.figures)
}

fn page_line(page: &PageReport) -> String {
    let state = match page.state {
        PageState::Read => "read",
        PageState::Seen => "seen",
        PageState::Blank => "blank",
        PageState::Unread => "unread",
        PageState::Failed => "failed",
    };
    let reason = page.reason.as_deref().map(|reason| format!("  {reason}")).unwrap_or_default();
    let label = page.label.as_deref().filter(|label| *label != page.number.to_string());
    let label = label.map(|label| format!("  printed {label}")).unwrap_or_default();
    format!(
        "{:>7}  {state:<7} {:>6}  {:>6}  {:>7}  {:>6}{label}{reason}",
        page.number, page.lines, page.tables, page.figures, page.tokens
    )
}
