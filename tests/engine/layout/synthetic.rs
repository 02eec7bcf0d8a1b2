//! Pages built in code, one question each.

use engine::document::page::LineRole;

use super::build::Builder;

const LEFT: [&str; 5] = [
    "The first column has lines of text that",
    "fill its width, as columns of running",
    "text do, one below the other, and they",
    "are to be read down to the last of them",
    "before the eye goes to the other column.",
];
const RIGHT: [&str; 5] = [
    "Here the second column goes on with it,",
    "at the same heights as the first, so that",
    "reading across would be nonsense, and it",
    "too is read from its top to its bottom in",
    "one go, and no table is made out of this.",
];

fn column(b: &mut Builder, x: f32, y: f32, lines: &[&str]) {
    for (i, line) in lines.iter().enumerate() {
        b.text(x, y + 12.0 * i as f32, line);
    }
}

#[test]
fn two_columns_are_read_one_after_the_other_even_where_the_stream_goes_across() {
    let mut down = Builder::new();
    column(&mut down, 60.0, 100.0, &LEFT);
    column(&mut down, 320.0, 100.0, &RIGHT);
    let mut across = Builder::new();
    for i in 0..LEFT.len() {
        across.text(60.0, 100.0 + 12.0 * i as f32, LEFT[i]);
        across.text(320.0, 100.0 + 12.0 * i as f32, RIGHT[i]);
    }
    let expected: Vec<&str> = LEFT.iter().chain(&RIGHT).copied().collect();
    assert_eq!(down.texts(), expected);
    assert_eq!(across.texts(), expected);
}

#[test]
fn titles_and_feet_across_columns_keep_their_place() {
    let mut b = Builder::new();
    b.text(300.0, 760.0, "17");
    column(&mut b, 60.0, 200.0, &LEFT);
    column(&mut b, 320.0, 200.0, &RIGHT);
    b.em = 18.0;
    b.text(120.0, 120.0, "A title across both of the columns");
    let lines = b.lines();
    assert_eq!(lines[0].text, "A title across both of the columns");
    assert_eq!(lines[0].role, LineRole::Heading);
    assert_eq!(lines.last().unwrap().text, "17");
    assert_eq!(lines[1].text, LEFT[0]);
    assert_eq!(lines[6].text, RIGHT[0]);
}

#[test]
fn three_columns() {
    let mut b = Builder::new();
    b.em = 8.0;
    let columns = [["first column one line", "first column is going on", "first column lines here"]; 1]
        .into_iter()
        .chain([["second column one line", "second column going on", "second column ends here"]])
        .chain([["third column line of it", "third column is going on", "third column lines here"]]);
    let mut expected = Vec::new();
    for (c, lines) in columns.enumerate() {
        for round in 0..3 {
            for (i, line) in lines.iter().enumerate() {
                b.text(50.0 + 170.0 * c as f32, 100.0 + 10.0 * (3 * round + i) as f32, line);
                expected.push(line.to_string());
            }
        }
    }
    assert_eq!(b.texts(), expected);
}

#[test]
fn text_turned_by_quarters_is_read_along_its_own_lines() {
    for (angle_deg, x, y) in [(90.0, 100.0, -300.0), (180.0, -500.0, -300.0), (270.0, -500.0, 200.0)] {
        let mut b = Builder::new();
        b.angle_deg = angle_deg;
        column(&mut b, x, y, &LEFT);
        assert_eq!(b.texts(), LEFT, "{angle_deg} degrees");
        let first = &b.lines()[0];
        assert_eq!(first.bbox.height() > first.bbox.width(), angle_deg != 180.0, "{:?}", first.bbox);
    }
}

#[test]
fn a_table_keeps_its_rows_and_its_cells() {
    let mut b = Builder::new();
    for (i, (label, a, c)) in
        [("Receipts", "$ 1,234", "12.3 %"), ("Outlays", "(2,345)", "4.5 %"), ("Deficit", "-1,111", "0.1 %")]
            .iter()
            .enumerate()
    {
        let y = 100.0 + 12.0 * i as f32;
        let pen = b.text(60.0, y, label);
        b.text(pen + 2.0, y, "................");
        b.flush_right(250.0, y, a);
        b.flush_right(330.0, y, c);
    }
    let lines = b.lines();
    let texts: Vec<&str> = lines.iter().map(|l| l.text.as_str()).collect();
    assert_eq!(texts, ["Receipts | $ 1,234 | 12.3 %", "Outlays | (2,345) | 4.5 %", "Deficit | -1,111 | 0.1 %"]);
    for line in &lines {
        assert_eq!(line.role, LineRole::TableRow);
        assert_eq!(line.cells.iter().map(|c| c.column).collect::<Vec<_>>(), [0, 1, 2]);
        let amount = line.cells[1];
        assert!((amount.bbox.right - 250.0).abs() < 0.1, "{:?}", amount.bbox);
    }
}

#[test]
fn headings_of_several_lines_and_wrapped_labels_become_one_row() {
    let mut b = Builder::new();
    b.text(150.0, 80.0, "Total");
    b.text(250.0, 80.0, "Off-budget");
    b.text(60.0, 91.0, "Year");
    b.text(150.0, 91.0, "receipts");
    b.text(250.0, 91.0, "receipts");
    for (i, (label, first, second)) in
        [("2020", "3,419", "965"), ("2021", "4,045", "952"), ("and later", "4,896", "1,065")].iter().enumerate()
    {
        let y = 115.0 + 12.0 * i as f32 + if i == 2 { 12.0 } else { 0.0 };
        b.text(60.0, y, label);
        b.flush_right(180.0, y, first);
        b.flush_right(290.0, y, second);
    }
    b.text(60.0, 139.0, "All years");
    let expected = [
        "Year | Total receipts | Off-budget receipts",
        "2020 | 3,419 | 965",
        "2021 | 4,045 | 952",
        "All years and later | 4,896 | 1,065",
    ];
    assert_eq!(b.texts(), expected);
}

#[test]
fn a_table_of_contents_comes_out_as_rows() {
    let mut b = Builder::new();
    for (i, (title, page)) in [("Introduction", "3"), ("Results of the year", "12")].iter().enumerate() {
        let y = 100.0 + 14.0 * i as f32;
        let pen = b.text(60.0, y, title);
        b.text(pen + 3.0, y, ". . . . . . . . .");
        b.flush_right(500.0, y, page);
    }
    assert_eq!(b.texts(), ["Introduction | 3", "Results of the year | 12"]);
}

#[test]
fn rulings_part_cells_that_stand_close() {
    let mut b = Builder::new();
    b.ruling(101.5, 80.0, 140.0);
    for (i, (a, c)) in
        [("north", "south"), ("early", "later"), ("wider", "blend"), ("major", "minor")].iter().enumerate()
    {
        let y = 100.0 + 12.0 * i as f32;
        let right = 100.0;
        b.flush_right(right, y, a);
        b.text(103.0, y, c);
    }
    assert_eq!(b.texts(), ["north | south", "early | later", "wider | blend", "major | minor"]);
}

#[test]
fn bulleted_lists_are_no_tables() {
    let mut b = Builder::new();
    for (i, line) in ["one thing to do", "another that is done", "a third one"].iter().enumerate() {
        let y = 100.0 + 12.0 * i as f32;
        b.text(60.0, y, "\u{2022}");
        b.text(80.0, y, line);
    }
    assert!(b.lines().iter().all(|l| l.role == LineRole::Body));
    assert_eq!(b.texts()[1], "\u{2022} another that is done");
}

#[test]
fn hyphens_at_a_line_end() {
    for (first, second, broken) in [
        ("the bank is an inter-", "national one", true),
        ("this was so in 1990-", "1995 and later", false),
        ("the trade of Anglo-", "Saxon countries", false),
        ("a state-of-", "the-art machine", false),
        ("it was a long-", "term bond, long-term it is", false),
        ("an end -", "and a start", false),
    ] {
        let mut b = Builder::new();
        b.text(60.0, 100.0, first);
        b.text(60.0, 112.0, second);
        let lines = b.lines();
        assert_eq!(lines[0].hyphenated, broken, "{first}/{second}");
        assert_eq!(lines[0].text, first);
    }
}

#[test]
fn soft_hyphens_show_only_where_they_break_a_line() {
    let mut b = Builder::new();
    b.text(60.0, 100.0, "inter\u{ad}national trans\u{ad}");
    b.text(60.0, 112.0, "action and co\u{2}");
    b.text(60.0, 124.0, "operation");
    let lines = b.lines();
    assert_eq!(b.texts(), ["international trans-", "action and co-", "operation"]);
    assert!(lines[0].hyphenated && lines[1].hyphenated && !lines[2].hyphenated);
}

#[test]
fn marks_stay_in_their_line() {
    let mut b = Builder::new();
    let pen = b.text(60.0, 100.0, "as shown");
    b.em = 6.0;
    let pen = b.text(pen, 96.0, "12");
    b.em = 10.0;
    b.text(pen + 3.0, 100.0, "by the committee of the year");
    b.text(60.0, 112.0, "and the lines that follow after it");
    assert_eq!(b.texts()[0], "as shown12 by the committee of the year");
}

#[test]
fn text_printed_twice_for_boldness_is_read_once() {
    let mut b = Builder::new();
    b.text(60.0, 100.0, "Bolder still");
    b.text(60.4, 100.0, "Bolder still");
    assert_eq!(b.texts(), ["Bolder still"]);
}

#[test]
fn ligatures_and_unknown_characters() {
    let mut b = Builder::new();
    b.text(60.0, 100.0, "the \u{fb01}rst o\u{fb03}ce \u{fffd}\u{fffd}");
    assert_eq!(b.texts(), ["the first office \u{fffd}\u{fffd}"]);
}

#[test]
fn scripts_without_blanks_get_none() {
    let mut b = Builder::new();
    b.text(60.0, 100.0, "これは日本語の行です。");
    let pen = b.text(60.0, 112.0, "次の");
    b.text(pen + 3.0, 112.0, "行");
    assert_eq!(b.texts(), ["これは日本語の行です。", "次の行"]);
}

#[test]
fn right_to_left_text_comes_in_reading_order_from_either_order() {
    let mut logical = Builder::new();
    logical.text_rtl(500.0, 100.0, "שלום עולם טוב");
    let mut visual = Builder::new();
    visual.text(300.0, 100.0, "בוט םלוע םולש");
    assert_eq!(logical.texts(), ["שלום עולם טוב"]);
    assert_eq!(visual.texts(), ["שלום עולם טוב"]);
}

#[test]
fn digits_inside_right_to_left_text_keep_their_order() {
    let mut b = Builder::new();
    b.text(300.0, 100.0, "ףוס 2015 תנש");
    assert_eq!(b.texts(), ["שנת 2015 סוף"]);
}

#[test]
fn invisible_text_counts() {
    let mut b = Builder::new();
    b.text(60.0, 100.0, "read by a machine");
    b.page.chars.iter_mut().for_each(|c| c.invisible = true);
    assert_eq!(b.texts(), ["read by a machine"]);
}

#[test]
fn footnotes_of_a_column_come_after_both_columns() {
    let mut b = Builder::new();
    column(&mut b, 60.0, 100.0, &LEFT);
    column(&mut b, 60.0, 160.0, &LEFT);
    column(&mut b, 320.0, 100.0, &RIGHT);
    column(&mut b, 320.0, 160.0, &RIGHT);
    b.em = 7.0;
    b.text(60.0, 240.0, "1 Measured in constant dollars of the year before");
    let texts = b.texts();
    assert_eq!(texts.last().unwrap(), "1 Measured in constant dollars of the year before");
}

#[test]
fn bold_lines_over_text_are_headings() {
    let mut b = Builder::new();
    b.bold = true;
    b.text(60.0, 80.0, "Sources of revenue");
    b.bold = false;
    column(&mut b, 60.0, 100.0, &LEFT);
    let lines = b.lines();
    assert_eq!(lines[0].role, LineRole::Heading);
    assert!(lines[1..].iter().all(|l| l.role == LineRole::Body && l.block == lines[1].block));
    assert_ne!(lines[0].block, lines[1].block);
}
