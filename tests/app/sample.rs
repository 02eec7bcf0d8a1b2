//! The sample report is the one that its source note describes.

use sha2::{Digest, Sha256};

#[test]
fn the_sample_report_is_the_published_one() {
    let folder = recto_tests::repository().join("assets/sample");
    let bytes = std::fs::read(folder.join("treasury_bulletin_2025_06.pdf")).unwrap();
    let hash: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hash, "6d16de86d6e5078779227ab91511df8ca0ee0193363f7c48dceb3b326091ade6");
    let note = std::fs::read_to_string(folder.join("SOURCE.md")).unwrap();
    assert!(note.contains(&hash), "assets/sample/SOURCE.md does not name the report's hash");
}
