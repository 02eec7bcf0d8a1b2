//! In which order windows are read.

use engine::prompt::{FigureRef, Priorities, Source, Span, Window, reading_order};

use crate::prompt::{body, document};

/// A window with the first line of each of these pages.
fn text(pages: &[u32]) -> Window {
    let span = |&page| Span { tokens: 0..1, source: Source::Line { document: 0, page, line: 0 } };
    Window { ids: vec![2], spans: pages.iter().map(span).collect(), images: Vec::new() }
}

/// The window of a figure on a page, with the page's first line around it.
fn figure(page: u32) -> Window {
    let mut window = text(&[page]);
    window.spans.push(Span { tokens: 1..2, source: Source::Figure { document: 0, page, figure: 0 } });
    window.images = vec![FigureRef { document: 0, page, figure: 0, tile: 0 }];
    window
}

#[test]
fn text_comes_before_figures_and_what_a_question_needs_before_the_rest() {
    let report = document(vec![
        body(1, &["Receipts rose by four percent"]),
        body(2, &["Outlays fell, receipts hardly"]),
        body(3, &["The capybara census"]),
        body(4, &["Trust funds are listed below"]),
    ]);
    let windows = [figure(1), text(&[1]), text(&[2]), figure(3), text(&[3, 4]), figure(4)];
    let order = |question: Option<&str>, pages: &[u32]| {
        let pages = pages.iter().map(|page| (0, *page)).collect();
        reading_order(&[&report], &windows, &Priorities { question: question.map(str::to_owned), pages })
    };
    for (question, pages, expected) in [
        (None, &[][..], [1, 2, 4, 0, 3, 5]),
        (Some("Which zebras?"), &[], [1, 2, 4, 0, 3, 5]),
        (Some("How large was the capybara census?"), &[], [4, 1, 2, 3, 0, 5]),
        (Some("What of the outlays?"), &[], [2, 1, 4, 0, 3, 5]),
        (Some("Which trust funds?"), &[], [4, 1, 2, 5, 0, 3]),
        // Pages that the user wants, text and figures, come before what a question needs.
        (None, &[3], [4, 3, 1, 2, 0, 5]),
        (Some("Which trust funds?"), &[2], [2, 4, 1, 5, 0, 3]),
        (None, &[4, 1], [4, 5, 1, 0, 2, 3]),
        (None, &[90], [1, 2, 4, 0, 3, 5]),
    ] {
        assert_eq!(order(question, pages), expected, "{question:?} {pages:?}");
    }
    assert_eq!(reading_order(&[&report], &[], &Priorities::default()), [] as [usize; 0]);
}
