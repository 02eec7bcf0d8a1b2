//! What is known of each page of a report, and the reading map derived from it.

use engine::protocol::{PageReport, PageState};

use crate::window::remote::Remote;
use crate::window::state::reading_map::{Cell, ReadingMap};
use crate::window::state::report::State;

/// Derives the reading map from the state of a report.
pub(crate) fn reading_map(state: &State) -> ReadingMap {
    let num_pages = match &state.document {
        Remote::Ready(report) => report.num_pages,
        _ => state.looked_at.1,
    } as usize;
    let has_vision = state.model.as_ref().is_some_and(|model| model.has_eyes);
    let mut cells = vec![Cell::Waiting; num_pages];
    for page in pages(state) {
        if let Some(cell) = cell_of(&mut cells, page.number) {
            *cell = read_cell(page, has_vision);
        }
    }
    let waits_for_encoder = state.model.as_ref().is_none_or(|model| model.has_encoder);
    match &state.encoded {
        Some(read) => {
            for (_, page) in read.waiting.iter().filter(|(document, _)| *document == 0) {
                wait(&mut cells, *page);
            }
        }
        None if waits_for_encoder => (1..=num_pages as u32).for_each(|page| wait(&mut cells, page)),
        // A model without an encoder selects passages when asked.
        None => {}
    }
    if let Some((first, last)) =
        state.background.as_ref().filter(|background| background.is_running).and(state.reading_now)
    {
        for page in first..=last {
            if let Some(cell) = cell_of(&mut cells, page)
                && !matches!(cell, Cell::Failed | Cell::Blank)
            {
                *cell = Cell::Reading;
            }
        }
    }
    ReadingMap::new(cells)
}

/// Reports on the pages: on all of them, or, while the report is being opened, on those seen so far.
pub(crate) fn pages(state: &State) -> &[PageReport] {
    match &state.document {
        Remote::Ready(report) => &report.pages,
        _ => &state.looked_at.0,
    }
}

/// The cell of a page, counted from 1.
fn cell_of(cells: &mut [Cell], page: u32) -> Option<&mut Cell> {
    cells.get_mut((page as usize).checked_sub(1)?)
}

fn read_cell(page: &PageReport, has_vision: bool) -> Cell {
    match page.state {
        PageState::Read if has_vision && page.figures > 0 => Cell::Figures,
        PageState::Read => Cell::Text,
        PageState::Seen => Cell::Scan,
        PageState::Blank => Cell::Blank,
        PageState::Unread => Cell::Unreadable,
        PageState::Failed => Cell::Failed,
    }
}

/// Marks a page as waiting, unless it is blank or cannot be read at all.
fn wait(cells: &mut [Cell], page: u32) {
    if let Some(cell) = cell_of(cells, page)
        && cell.is_read()
        && *cell != Cell::Blank
    {
        *cell = Cell::Waiting;
    }
}
