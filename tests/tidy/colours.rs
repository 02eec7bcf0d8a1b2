//! Colours come from the theme.

use crate::sources::{code_lines, report, under};

/// Where colours are made.
const THEME: &str = "app/src/window/theme/";

#[test]
fn colours_are_made_in_the_theme_alone() {
    let mut broken = Vec::new();
    for source in under("app/src", &[".rs"]).iter().filter(|source| !source.path.starts_with(THEME)) {
        for (number, line) in code_lines(&source.text) {
            if line.contains("Color32::") || line.contains("Rgba::") || line.contains("hex_color!") {
                broken.push(format!("{}:{number}: {}", source.path, line.trim()));
            }
        }
    }
    report(
        "Colours are made in app/src/window/theme alone",
        "Name the colour by its role in assets/theme/{light,dark}.toml and take it from there",
        broken,
    );
}
