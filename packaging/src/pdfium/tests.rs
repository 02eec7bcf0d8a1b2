//! The pins, and what is extracted from a wheel.

use super::*;

#[test]
fn every_platform_we_ship_is_pinned() {
    for key in [
        "linux-x86_64-gnu",
        "linux-aarch64-gnu",
        "linux-x86_64-musl",
        "linux-aarch64-musl",
        "macos-aarch64",
        "macos-x86_64",
        "windows-x86_64",
        "windows-aarch64",
    ] {
        let pin = pin_for(key).unwrap_or_else(|error| panic!("{key}: {error:#}"));
        for hash in [&pin.wheel_sha256, &pin.library_sha256] {
            assert!(hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit()), "{key}: {hash}");
        }
    }
}

#[test]
fn a_machine_without_a_pin_is_named() {
    let error = pin_for("plan9-vax").unwrap_err();
    assert!(error.to_string().contains("plan9-vax"), "{error}");
}

#[test]
fn library_and_licences_are_taken_and_nothing_else() {
    for (inside, expected) in [
        ("pypdfium2_raw/libpdfium.so", Some("libpdfium.so")),
        ("pypdfium2-5.15.2.dist-info/licenses/LICENSES/Apache-2.0.txt", Some("licenses/LICENSES/Apache-2.0.txt")),
        ("pypdfium2-5.15.2.dist-info/RECORD", None),
        ("pypdfium2_raw/bindings.py", None),
        ("elsewhere/libpdfium.so", None),
    ] {
        assert_eq!(place_of(Path::new(inside), "libpdfium.so"), expected.map(PathBuf::from), "{inside}");
    }
}

#[test]
fn hashes_are_sha256_in_hexadecimal() {
    assert_eq!(hex_sha256(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}
