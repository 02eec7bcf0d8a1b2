//! Detects what a file is by its first bytes. Its name only matters for plain text.

use std::path::Path;

use image::ImageFormat;

/// How many bytes are examined.
pub(super) const HEAD_BYTES: usize = 8192;

/// How far into a file the PDF marker may be.
const PDF_MARK_WITHIN: usize = 1024;

/// The detected kind of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// A PDF.
    Pdf,
    /// An image in a supported format.
    Image,
    /// Text.
    Text,
    /// Something else: what it is, with its article, and what to do about it.
    Other(&'static str, &'static str),
}

const TO_PDF: &str = "open it in the program it was made for and save or print it as PDF";
const UNPACK: &str = "unpack it and open the documents inside";
const TO_PNG: &str = "convert it to PNG or JPEG first";
const READS: &str = "Recto reads PDF, PNG, JPEG, TIFF, WebP, BMP, GIF, text and Markdown files";
const AGAIN: &str = "the download may be an error page instead of the file; download it again";

/// First bytes of known formats that are not supported.
const OTHERS: [(&[u8], &str, &str); 15] = [
    (b"\x1f\x8b", "a gzip archive", UNPACK),
    (b"BZh", "a bzip2 archive", UNPACK),
    (b"\xfd7zXZ\0", "an xz archive", UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", UNPACK),
    (b"Rar!\x1a\x07", "a RAR archive", UNPACK),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a Word, Excel or PowerPoint document in an old format", TO_PDF),
    (b"{\\rtf", "an RTF document", TO_PDF),
    (b"%!PS", "a PostScript file", TO_PDF),
    (b"AT&TFORM", "a DjVu document", TO_PDF),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000 image", TO_PNG),
    (b"\0\0\0\x0cJXL ", "a JPEG XL image", TO_PNG),
    (b"\x7fELF", "a program", READS),
    (b"MZ", "a program", READS),
    (b"SQLite format 3\0", "a database", READS),
    (b"ID3", "an audio file", READS),
];

/// Extensions that promise something other than text.
const NOT_TEXT: [&str; 14] =
    ["pdf", "png", "jpg", "jpeg", "tif", "tiff", "webp", "bmp", "gif", "doc", "docx", "xls", "xlsx", "pptx"];

/// Detects a file by its first bytes and its name.
pub(super) fn look(head: &[u8], path: &Path) -> Look {
    if contains(head.get(..PDF_MARK_WITHIN).unwrap_or(head), b"%PDF-") {
        return Look::Pdf;
    }
    if image_format(head).is_some() {
        return Look::Image;
    }
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        return zip(head);
    }
    if head.get(4..8) == Some(b"ftyp") {
        let heif = [&b"heic"[..], b"heix", b"mif1", b"avif"].iter().any(|brand| head.get(8..12) == Some(brand));
        return if heif { Look::Other("an HEIC or AVIF image", TO_PNG) } else { Look::Other("a video", READS) };
    }
    if let Some(&(_, what, advice)) = OTHERS.iter().find(|(mark, _, _)| head.starts_with(mark)) {
        return Look::Other(what, advice);
    }
    text(head, path)
}

/// The format of a supported image. Many a text begins with "BM", so a BMP must have a header of a known size.
pub(super) fn image_format(head: &[u8]) -> Option<ImageFormat> {
    let format = image::guess_format(head).ok()?;
    match format {
        ImageFormat::Bmp => {
            let header = head.get(14..18)?;
            matches!(header, [12 | 40 | 52 | 56 | 64 | 108 | 124, 0, 0, 0]).then_some(format)
        }
        ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::WebP | ImageFormat::Tiff | ImageFormat::Gif => Some(format),
        _ => None,
    }
}

fn zip(head: &[u8]) -> Look {
    let (what, advice) = if contains(head, b"word/") {
        ("a Word document", TO_PDF)
    } else if contains(head, b"xl/") {
        ("an Excel workbook", TO_PDF)
    } else if contains(head, b"ppt/") {
        ("a PowerPoint presentation", TO_PDF)
    } else if contains(head, b"opendocument") {
        ("an OpenDocument file", TO_PDF)
    } else if contains(head, b"epub+zip") {
        ("an e-book", TO_PDF)
    } else {
        ("a ZIP archive", UNPACK)
    };
    Look::Other(what, advice)
}

fn text(head: &[u8], path: &Path) -> Look {
    if !super::text_encoding::looks_like_text(head) {
        return Look::Other("binary data", READS);
    }
    let start = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    let start = start.get(..64).unwrap_or(start).to_ascii_lowercase();
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase()).unwrap_or_default();
    let promised = NOT_TEXT.contains(&extension.as_str());
    if start.starts_with(b"<!doctype html") || start.starts_with(b"<html") {
        return Look::Other("a web page (HTML)", if promised { AGAIN } else { "print it to PDF from the browser" });
    }
    if start.starts_with(b"<svg") {
        return Look::Other("a drawing (SVG)", TO_PNG);
    }
    if promised {
        return Look::Other("plain text under another name", "rename it to .txt to read it as text, or get it again");
    }
    Look::Text
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_decides() {
        let late = [&[b' '; 900][..], b"%PDF-1.4"].concat();
        let later = [&[b'\x01'; 1100][..], b"%PDF-1.4"].concat();
        for (head, name, expected) in [
            (&b"%PDF-1.7\n"[..], "a.txt", "pdf"),
            (&late, "a.pdf", "pdf"),
            (&later, "a.pdf", "binary data"),
            (b"\x89PNG\r\n\x1a\n", "a.pdf", "image"),
            (b"BM is how this text begins, and it goes on", "a.txt", "text"),
            (b"II*\0\x08\0\0\0", "scan", "image"),
            (b"# Results\n", "a.md", "text"),
            (b"  <!DOCTYPE HTML><p>", "a.pdf", "a web page (HTML)"),
            (b"hello", "a.pdf", "plain text under another name"),
            (b"PK\x03\x04....word/document.xml", "a.docx", "a Word document"),
            (b"PK\x03\x04....", "a.zip", "a ZIP archive"),
            (b"\x1f\x8b\x08", "a.gz", "a gzip archive"),
            (b"\0\x01\x02\x03", "a.txt", "binary data"),
            (b"\0\0\0\x18ftypheic", "a.jpg", "an HEIC or AVIF image"),
        ] {
            let seen = match look(head, Path::new(name)) {
                Look::Pdf => "pdf",
                Look::Image => "image",
                Look::Text => "text",
                Look::Other(what, _) => what,
            };
            assert_eq!(seen, expected, "{name}");
        }
    }
}
