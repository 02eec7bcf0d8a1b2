//! Pages come out in the order in which the answer was drawn from them.

use super::*;
use crate::document::geometry::Rect;
use crate::document::page::{Document, DocumentKind, Line, LineRole, Metadata, Page, PageContent};

fn document(pages: &[&[&str]]) -> Document {
    let line = |index: usize, text: &&str| Line {
        text: (*text).to_owned(),
        bbox: Rect::new(10.0, index as f32 * 12.0, 200.0, index as f32 * 12.0 + 10.0),
        block: 0,
        role: LineRole::Body,
        hyphenated: false,
        words: Vec::new(),
        cells: Vec::new(),
    };
    let pages = pages.iter().enumerate().map(|(index, lines)| Page {
        number: index as u32 + 1,
        label: Some(format!("A-{}", index + 1)),
        width_pt: 612.0,
        height_pt: 792.0,
        content: PageContent::Text,
        lines: lines.iter().enumerate().map(|(index, text)| line(index, text)).collect(),
        figures: Vec::new(),
        links: Vec::new(),
    });
    Document {
        hash: String::new(),
        name: "report.pdf".into(),
        kind: DocumentKind::Pdf,
        metadata: Metadata::default(),
        outline: Vec::new(),
        page_count: pages.len() as u32,
        pages: pages.collect(),
    }
}

fn masses(of: &[(u32, u32, f32)]) -> Vec<SpanMass> {
    of.iter()
        .map(|&(page, line, attention)| SpanMass { document: 0, page, target: Target::Line(line), attention })
        .collect()
}

#[test]
fn attention_alone_orders_pages_and_lines() {
    let documents = [document(&[&["alpha", "beta"], &["gamma"]])];
    let evidence = gather_evidence(&documents, &masses(&[(1, 0, 1.0), (1, 1, 2.0), (2, 0, 5.0)]), "");
    assert_eq!(evidence.iter().map(|page| page.page).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(evidence[0].label.as_deref(), Some("A-2"));
    assert!((evidence[0].share - 0.625).abs() < 1e-6);
    assert_eq!(evidence[1].spans[0].text, "beta");
    assert_eq!(evidence[1].spans[0].boxes, [Rect::new(10.0, 12.0, 200.0, 22.0)]);
    let all: f32 = evidence.iter().map(|page| page.share).sum();
    assert!((all - 1.0).abs() < 1e-6);
}

#[test]
fn a_number_that_stands_in_one_line_alone_outweighs_attention() {
    let documents = [document(&[&["Total | 2020 | 3,420", "Total | 2021 | 4,047"], &["the total of 2021"]])];
    let spans = masses(&[(1, 0, 0.4), (1, 1, 0.3), (2, 0, 0.3)]);
    let evidence = gather_evidence(&documents, &spans, "It was 4,047");
    assert_eq!(evidence[0].page, 1);
    assert_eq!(evidence[0].spans[0].text, "Total | 2021 | 4,047");
    assert_eq!(evidence[0].spans[0].matches, ["4,047"]);
    assert!((evidence[0].spans[0].share - (0.15 + 0.5)).abs() < 1e-6);
}

#[test]
fn a_line_shown_twice_counts_once_with_both_attentions() {
    let documents = [document(&[&["alpha"], &["beta"]])];
    let evidence = gather_evidence(&documents, &masses(&[(1, 0, 1.0), (1, 0, 1.0), (2, 0, 1.0)]), "");
    assert_eq!(evidence[0].spans.len(), 1);
    assert!((evidence[0].share - 2.0 / 3.0).abs() < 1e-6);
}

#[test]
fn nothing_shown_means_no_evidence() {
    assert_eq!(gather_evidence(&[document(&[&["alpha"]])], &[], "alpha"), []);
}
