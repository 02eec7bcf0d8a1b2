//! Many PDFs at a time: all of them are read, by a handful of processes.

use engine::cancel::CancelToken;
use engine::document::{DocumentError, open};

use super::pdf_bytes::text_pdf;
use super::{Files, open_options, text_of};

/// Reports open at a time.
const REPORTS: usize = 60;

/// Processes that this one has started and that still run; other tests have some too.
fn num_children() -> usize {
    let own = std::process::id().to_string();
    let is_ours = |entry: std::fs::DirEntry| {
        let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
        let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace();
        (fields.next()? != "Z" && fields.next()? == own).then_some(())
    };
    std::fs::read_dir("/proc").unwrap().filter_map(|entry| is_ours(entry.ok()?)).count()
}

#[test]
fn many_reports_are_open_with_few_processes() {
    let files = Files::new();
    let mut reports = Vec::new();
    for number in 0..REPORTS {
        let path = files.add(&format!("{number}.pdf"), &text_pdf(&[&format!("Report {number}"), "Second page"]));
        reports.push(open(&path, open_options()).unwrap());
        assert!(num_children() < REPORTS / 2, "{} processes after {number} reports", num_children());
    }
    for number in (0..REPORTS).step_by(7).chain([0, REPORTS - 1, 1]) {
        let read = reports[number].read_pages(&[], &mut |_| (), &CancelToken::default()).unwrap();
        let pages = [text_of(&read.value, 0), text_of(&read.value, 1)];
        assert_eq!(pages, [format!("Report {number}"), "Second page".to_owned()], "{:?}", read.warnings);
    }
    assert!(num_children() < REPORTS / 2);
    // One that was changed while it had no process is not read as if it were the same.
    let path = files.add("3.pdf", &text_pdf(&["Another", "report", "altogether"]));
    let error = reports[3].read_pages(&[], &mut |_| (), &CancelToken::default()).unwrap_err();
    assert!(matches!(error, DocumentError::Changed { .. }), "{}: {error}", path.display());
}
