//! Drawing changes no state: which types drawing functions may write to.

use crate::sources::{report, under};

/// Types that a drawing function may take by `&mut`, and why.
const WRITABLE: &[(&str, &str)] = &[
    ("Ui", "egui draws through it"),
    ("Mesh", "egui's triangles, built within a frame"),
    ("Commands", "what the user does is pushed here, and dispatched after the frame"),
    ("FrameCache", "pictures, layout and gestures; a command would show a drag or a scroll a frame late"),
    ("AnswerTexts", "answers parsed once, not in every frame, and their heights"),
    ("FoundTurns", "turns searched once, not in every frame"),
    ("String", "the text of a field: egui edits it in place"),
    ("Option<String>", "the same for a field that is not always there"),
    ("FetchForm", "the fields of one form"),
    ("PaletteField", "a field and the entry chosen below it"),
];

/// Folders in which every function draws, whatever its name.
const DRAWING: &[&str] = &["app/src/window/screens/", "app/src/window/widgets/"];

#[test]
fn drawing_functions_change_no_state() {
    let mut broken = Vec::new();
    let mut used = Vec::new();
    for source in under("app/src", &[".rs"]) {
        let all_draw = DRAWING.iter().any(|folder| source.path.starts_with(folder));
        let code = source.text.split("#[cfg(test)]").next().unwrap_or("");
        for (name, parameters) in signatures(code).filter(|(name, _)| all_draw || name.ends_with("_ui")) {
            for written in written_to(parameters) {
                if WRITABLE.iter().any(|(allowed, _)| *allowed == written) {
                    used.push(written);
                } else {
                    broken.push(format!("{}: `{name}` takes `&mut {written}`", source.path));
                }
            }
        }
        // A struct would hide from its users what they may change.
        if all_draw
            && code.split("&'").skip(1).any(|rest| rest.split([',', '>', ')', '\n']).next().is_some_and(is_mutable))
        {
            broken.push(format!("{}: a lifetime before `mut`", source.path));
        }
    }
    for (allowed, _) in WRITABLE {
        if !used.iter().any(|written| written == allowed) {
            broken.push(format!("tests/tidy/drawing.rs: no drawing function writes to `{allowed}`"));
        }
    }
    report(
        "Drawing functions take state by `&`, and write only to the types listed in tests/tidy/drawing.rs",
        "Push a `UserCommand` instead; what is only of use to the next frame belongs to a frame cache",
        broken,
    );
}

/// Whether what follows `&'` in a type is a lifetime and `mut`.
fn is_mutable(reference: &str) -> bool {
    reference.split_whitespace().nth(1) == Some("mut")
}

/// Names and parameters of the functions in a text.
fn signatures(code: &str) -> impl Iterator<Item = (&str, &str)> {
    code.match_indices("fn ").filter_map(|(at, _)| {
        let rest = code.get(at + 3..)?;
        let name = rest.split(|letter: char| !letter.is_alphanumeric() && letter != '_').next()?;
        let is_alone = !code.get(..at)?.ends_with(|letter: char| letter.is_alphanumeric() || letter == '_');
        let start = name.len() + rest.get(name.len()..)?.find('(')? + 1;
        let mut depth = 1;
        let end = rest.get(start..)?.find(|letter| {
            depth += i32::from(letter == '(') - i32::from(letter == ')');
            depth == 0
        })?;
        (is_alone && !name.is_empty()).then_some((name, rest.get(start..start + end)?))
    })
}

/// Types that parameters take by `&mut`, without the path before them.
fn written_to(parameters: &str) -> Vec<String> {
    let is_reference = |before: &str| {
        let lifetime = before.trim_end().rsplit('&').next().unwrap_or("");
        before.contains('&') && (lifetime.is_empty() || (lifetime.starts_with('\'') && !lifetime.contains(' ')))
    };
    let written = parameters.match_indices("mut ").filter(|(at, _)| is_reference(&parameters[..*at]));
    written.map(|(at, _)| type_name(&parameters[at + 4..])).collect()
}

/// The type at the beginning of a text, without the path before it.
fn type_name(text: &str) -> String {
    let mut depth = 0;
    let end = text.find(|letter| {
        depth += i32::from("<([".contains(letter)) - i32::from(">)]".contains(letter));
        depth < 0 || (depth == 0 && letter == ',')
    });
    let name = text[..end.unwrap_or(text.len())].trim();
    let path = name.split('<').next().and_then(|head| head.rfind("::")).map_or(0, |at| at + 2);
    name[path..].to_owned()
}

#[test]
fn what_a_function_writes_to_is_found_in_its_signature() {
    for (code, expected) in [
        ("fn a_ui(ui: &mut Ui, look: &Look) {}", &["Ui"][..]),
        ("fn a_ui(&mut self, ui: &mut egui::Ui) {}", &["self", "Ui"]),
        ("fn a_ui(ui: &Ui, (a, b): (&mut Option<String>, &'a mut Tab)) {}", &["Option<String>", "Tab"]),
        ("fn a_ui<T>(\n    set: &mut T,\n    add: impl FnOnce(&mut Ui),\n) {}", &["T", "Ui"]),
        ("fn a_ui(act: &mut impl FnMut(Action), mut by_value: &Tab) {}", &["impl FnMut(Action)"]),
    ] {
        let found: Vec<String> = signatures(code).flat_map(|(_, parameters)| written_to(parameters)).collect();
        assert_eq!(found, expected, "{code}");
    }
    assert!(is_mutable("a mut Tab") && !is_mutable("a Tab") && !is_mutable("a str"));
}
