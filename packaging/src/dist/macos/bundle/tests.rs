//! The application's layout, and what it tells macOS about itself.

use std::collections::BTreeSet;
use std::io::Cursor;

use plist::{Dictionary, Value};

use super::*;
use crate::dist::release::Release;
use crate::dist::target::Target;
use crate::icons;
use crate::pdfium::Pdfium;

/// A staged folder of files without meaning, and the application that is made of it.
fn application() -> (tempfile::TempDir, PathBuf) {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("recto-macos-aarch64");
    for file in
        ["recto", "libpdfium.dylib", "sbom.cdx.json", "sample/a.pdf", "licences/LICENSE-MIT", "icons/recto-16.png"]
    {
        let path = folder.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, file).unwrap();
    }
    fs::copy(icons::folder().join(ICON), folder.join("icons").join(ICON)).unwrap();
    let pdfium = Pdfium {
        folder: folder.clone(),
        library: "libpdfium.dylib".into(),
        package: String::new(),
        version: String::new(),
        sha256: String::new(),
    };
    let release = Release { version: "1.2.3-rc.4".into(), epoch_secs: 0, has_cuda: false };
    let staged = Staged { folder, target: Target::parse("aarch64-apple-darwin").unwrap(), release, pdfium };
    let app = make(&staged).unwrap();
    (home, app)
}

fn dictionary(path: &Path) -> Dictionary {
    Value::from_file(path).unwrap().into_dictionary().unwrap()
}

/// The texts of a list in a dictionary.
fn texts(dictionary: &Dictionary, key: &str) -> BTreeSet<String> {
    let list = dictionary.get(key).and_then(Value::as_array).unwrap();
    list.iter().map(|value| value.as_string().unwrap().to_owned()).collect()
}

#[test]
fn files_lie_where_macos_wants_them() {
    let (_home, app) = application();
    let files = files_below(&app).unwrap();
    let expected = [
        "Contents/Frameworks/libpdfium.dylib",
        "Contents/Info.plist",
        "Contents/MacOS/recto",
        "Contents/PkgInfo",
        "Contents/Resources/licences/LICENSE-MIT",
        "Contents/Resources/licences/sbom.cdx.json",
        "Contents/Resources/recto.icns",
        "Contents/Resources/sample/a.pdf",
    ];
    assert_eq!(files, expected.map(PathBuf::from));
    assert_eq!(app.file_name().unwrap(), NAME);
}

#[test]
fn the_list_of_properties_names_what_is_there() {
    let (_home, app) = application();
    let contents = app.join("Contents");
    let properties = dictionary(&contents.join("Info.plist"));
    let text = |key: &str| properties.get(key).and_then(Value::as_string).unwrap_or_else(|| panic!("no {key}"));
    assert!(contents.join("MacOS").join(text("CFBundleExecutable")).is_file());
    let icon = contents.join("Resources").join(text("CFBundleIconFile")).with_extension("icns");
    let icons = icns::IconFamily::read(Cursor::new(fs::read(icon).unwrap())).unwrap();
    assert!(icons.has_icon_with_type(icns::IconType::RGBA32_512x512_2x), "the largest icon is missing");
    assert_eq!((text("CFBundleShortVersionString"), text("CFBundleVersion")), ("1.2.3-rc.4", "1.2.3"));
    assert_eq!(text("CFBundlePackageType"), "APPL");
    let (system, _) = text("LSMinimumSystemVersion").split_once('.').unwrap();
    assert!(system.parse::<u32>().unwrap() >= 14, "the graphics card's kernels need macOS 14");
    assert_eq!(properties.get("NSHighResolutionCapable").and_then(Value::as_boolean), Some(true));
    let whole = fs::read_to_string(contents.join("Info.plist")).unwrap();
    assert!(!whole.contains("@VERSION@") && !whole.contains("@NUMBER@"));
}

#[test]
fn every_type_that_the_program_opens_is_offered_and_none_is_taken() {
    let properties = dictionary(&repository().join("packaging/macos/Info.plist"));
    let mut endings = BTreeSet::new();
    for kind in properties.get("CFBundleDocumentTypes").and_then(Value::as_array).unwrap() {
        let kind = kind.as_dictionary().unwrap();
        assert_eq!(kind.get("CFBundleTypeRole").and_then(Value::as_string), Some("Viewer"));
        assert_eq!(kind.get("LSHandlerRank").and_then(Value::as_string), Some("Alternate"));
        assert!(!texts(kind, "LSItemContentTypes").is_empty());
        endings.extend(texts(kind, "CFBundleTypeExtensions"));
    }
    assert_eq!(endings, endings_of_program());
}

/// The endings that the program's own dialog offers.
fn endings_of_program() -> BTreeSet<String> {
    let source = fs::read_to_string(repository().join("app/src/platform/file_dialog.rs")).unwrap();
    let list = source.split("const EXTENSIONS: &[&str] = &[").nth(1).and_then(|rest| rest.split("];").next());
    let endings: BTreeSet<String> = list.unwrap().split('"').skip(1).step_by(2).map(str::to_owned).collect();
    assert!(endings.len() > 5 && endings.contains("pdf"), "{endings:?}");
    endings
}

#[test]
fn nothing_is_excepted_from_the_hardened_runtime() {
    assert!(dictionary(&repository().join("packaging/macos/entitlements.plist")).is_empty());
}
