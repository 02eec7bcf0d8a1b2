//! Generates a long PDF: pages of text with a number on each line, and a bar chart every few pages.

use std::fmt::Write as _;

/// Lines on a page.
const LINES: usize = 46;

/// One in this many pages has a chart.
const CHART_EVERY: usize = 4;

/// Words for the lines.
const WORDS: &[&str] = &[
    "receipts",
    "of",
    "the",
    "fund",
    "rose",
    "in",
    "quarter",
    "while",
    "outlays",
    "for",
    "interest",
    "fell",
    "by",
    "percent",
    "against",
    "last",
    "year",
    "and",
    "net",
    "borrowing",
    "from",
    "public",
    "was",
    "above",
    "plan",
];

/// A PDF with this many pages.
pub(crate) fn pdf(pages: usize) -> Vec<u8> {
    let mut objects = vec![
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        String::new(),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    let mut kids = String::new();
    for page in 0..pages {
        let number = objects.len() + 1;
        // Writing to a string does not fail.
        let _ = write!(kids, "{number} 0 R ");
        let contents = number + 1;
        objects.push(format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {contents} 0 R \
             /Resources << /Font << /F1 3 0 R >> >> >>"
        ));
        let drawing = drawing(page);
        objects.push(format!("<< /Length {} >>\nstream\n{drawing}\nendstream", drawing.len()));
    }
    objects[1] = format!("<< /Type /Pages /Count {pages} /Kids [{kids}] >>");
    file(&objects)
}

/// The content of a page, counted from 0.
fn drawing(page: usize) -> String {
    let has_chart = page % CHART_EVERY == CHART_EVERY - 1;
    let mut out = format!("BT /F1 14 Tf 60 740 Td (Chapter {}: page {}) Tj ET\n", page / 20 + 1, page + 1);
    let lines = if has_chart { LINES / 2 } else { LINES };
    for line in 0..lines {
        let seed = page * LINES + line;
        let text: Vec<&str> = (0..13).map(|at| WORDS[(seed * 7 + at * (seed % 5 + 3)) % WORDS.len()]).collect();
        let baseline = 715 - 14 * line;
        let _ = writeln!(out, "BT /F1 10 Tf 60 {baseline} Td ({} {}.{}) Tj ET", text.join(" "), seed, line % 10);
    }
    if has_chart {
        let _ = writeln!(out, "BT /F1 11 Tf 60 380 Td (Chart {}: receipts by month) Tj ET", page / CHART_EVERY + 1);
        for bar in 0..12 {
            let height = 40 + (page * 31 + bar * 53) % 220;
            let _ = writeln!(out, "0.{} 0.35 0.55 rg {} 110 28 {height} re f", bar % 7 + 1, 70 + bar * 38);
        }
        let _ = writeln!(out, "0 g 60 110 m 540 110 l S");
    }
    out
}

/// Objects with their cross-reference table.
fn file(objects: &[String]) -> Vec<u8> {
    let mut out = String::from("%PDF-1.4\n");
    let mut table = format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for (index, object) in objects.iter().enumerate() {
        let _ = writeln!(table, "{:010} 00000 n ", out.len());
        let _ = write!(out, "{} 0 obj\n{object}\nendobj\n", index + 1);
    }
    let start = out.len();
    let _ = write!(out, "{table}trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n", objects.len() + 1);
    out.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_object_lies_where_the_table_says() {
        let bytes = pdf(9);
        let text = String::from_utf8(bytes).unwrap();
        assert_eq!(text.matches("/Type /Page ").count(), 9);
        assert_eq!(text.matches("(Chart ").count(), 2);
        let table = &text[text.rfind("xref\n0 ").unwrap()..];
        let places = table.lines().skip(3).take_while(|line| line.ends_with("n "));
        for (index, place) in places.enumerate() {
            let at: usize = place[..10].parse().unwrap();
            assert!(text[at..].starts_with(&format!("{} 0 obj", index + 1)), "object {}", index + 1);
        }
    }
}
