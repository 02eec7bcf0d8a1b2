//! Drawing changes no state: what a `*_ui` function may borrow mutably.

use crate::sources::{report, under};

/// Mutable parameters of a drawing function, by type, and why each is no change of state.
const ALLOWED: &[(&str, &str)] = &[
    ("Ui", "egui's own"),
    ("Vec<UserCommand>", "where the user's commands go; they are dispatched after the frame"),
    ("impl FnMut(ViewAction)", "the same for commands to the view"),
    ("String", "text that is being typed"),
    ("Option<String>", "text that is being typed, while its field is open"),
    ("bool", "whether a text field takes the focus in this frame"),
    ("FetchForm", "text fields of one screen"),
    ("Find", "the text field of the search in a report"),
    ("Palette", "the text field of the palette, and its selection"),
    ("Shelf", "the text field of the search in the library"),
    ("Tabs", "passed on to the text field of the front tab"),
    ("Settings", "a copy; where it differs after drawing, a command asks for the change"),
    ("T", "one choice in that copy"),
    ("AnswerTexts", "parsed answers, cached between frames"),
    ("FoundTurns", "search results, cached between frames"),
    ("self", "frame times, and the window that lends its parts to the screens"),
    ("PageView", "textures, positions and selection, which a frame lays out while drawing"),
];

/// Names of drawing functions in a text, each with its parameters.
fn drawing_functions(text: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("fn ") {
        let rest = &text[at + 3..];
        let name = rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or("");
        // Bounds of type parameters stand between the name and the first parenthesis; none of them is a function.
        if name.ends_with("_ui")
            && let Some(open) = rest.find('(')
            && let Some(length) = closing(&rest[open..])
        {
            found.push((name, &rest[open + 1..open + length]));
        }
    }
    found
}

/// Where the parenthesis that a text begins with is closed.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_i32;
    for (at, c) in text.char_indices() {
        depth += i32::from(c == '(') - i32::from(c == ')');
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

/// The types that are borrowed mutably among parameters, without the modules before their names.
fn mutable_types(parameters: &str) -> Vec<String> {
    let flat = parameters.split_whitespace().collect::<Vec<_>>().join(" ");
    let types = flat.split("&mut ").skip(1).map(|rest| {
        let mut depth = 0_i32;
        let end = rest.find(|c: char| {
            depth += i32::from("(<".contains(c)) - i32::from(")>".contains(c));
            depth < 0 || (depth == 0 && c == ',')
        });
        rest[..end.unwrap_or(rest.len())].trim()
    });
    types
        .map(|name| if name.contains(['<', '(']) { name } else { name.rsplit("::").next().unwrap_or(name) }.to_owned())
        .collect()
}

#[test]
fn drawing_functions_take_the_state_by_reference() {
    let mut broken = Vec::new();
    for source in under("app/src/window", &[".rs"]) {
        for (name, parameters) in drawing_functions(&source.text) {
            for taken in mutable_types(parameters) {
                if !ALLOWED.iter().any(|(allowed, _)| *allowed == taken) {
                    broken.push(format!("{}: `{name}` takes `&mut {taken}`", source.path));
                }
            }
        }
    }
    report(
        "A drawing function takes the state by shared reference and pushes commands",
        "Push a `UserCommand`; what is only a text field or a cache is listed, with its reason, in tests/tidy/drawing.rs",
        broken,
    );
}

#[test]
fn mutable_parameters_are_found() {
    let text = "pub(crate) fn page_ui(\n    ui: &mut egui::Ui,\n    (tabs, n): (&mut Tabs, usize),\n    act: &mut impl FnMut(A),\n) {}\nfn other(x: &mut X) {}";
    let found = drawing_functions(text);
    assert_eq!(found.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["page_ui"]);
    assert_eq!(mutable_types(found[0].1), ["Ui", "Tabs", "impl FnMut(A)"]);
}
