//! All sizes exist and match the current drawing.

use super::*;

fn pixels(side: u32) -> Vec<u8> {
    let image = ico::IconImage::read_png(open(&picture(side)).unwrap()).unwrap();
    assert_eq!((image.width(), image.height()), (side, side));
    image.rgba_data().to_vec()
}

#[test]
fn pictures_are_drawn_from_the_drawing_as_it_is() {
    let drawn_from = fs::read_to_string(folder().join("drawn-from.txt")).unwrap();
    assert_eq!(drawn_from.trim(), digest_of_drawing().unwrap(), "run `cargo xtask icons`");
    for side in SIZES {
        let pixels = pixels(*side);
        let colours: std::collections::HashSet<_> = pixels.chunks_exact(4).collect();
        assert!(colours.len() > 4, "the picture of {side} pixels shows {} colours", colours.len());
    }
}

#[test]
fn the_icon_of_windows_holds_the_pictures() {
    let icon = ico::IconDir::read(open(&folder().join("recto.ico")).unwrap()).unwrap();
    let sides: Vec<_> = icon.entries().iter().map(ico::IconDirEntry::width).collect();
    assert_eq!(sides, SIZES_OF_WINDOWS);
    for entry in icon.entries() {
        assert!(entry.decode().unwrap().rgba_data() == pixels(entry.width()), "{} pixels", entry.width());
    }
}

#[test]
fn the_icon_of_macos_holds_the_pictures() {
    let family = icns::IconFamily::read(open(&folder().join("recto.icns")).unwrap()).unwrap();
    for (side, kind) in SIZES_OF_MACOS {
        let image = family.get_icon_with_type(*kind).unwrap().convert_to(icns::PixelFormat::RGBA);
        let (held, drawn) = (image.data(), pixels(*side));
        assert_eq!((image.width(), image.height(), held.len()), (*side, *side, drawn.len()));
        // What cannot be seen has no colour in the old kinds.
        let same = held.chunks_exact(4).zip(drawn.chunks_exact(4)).all(|(a, b)| a == b || (a[3], b[3]) == (0, 0));
        assert!(same, "{side} pixels");
    }
}
