//! A small PDF in the making, object by object.

use std::fmt::Write as _;

/// Numbers of the objects of [`PdfFile::small`].
pub(super) const CATALOGUE: usize = 1;
pub(super) const PAGES: usize = 2;
pub(super) const FONT: usize = 3;
pub(super) const PAGE: usize = 4;
pub(super) const CONTENT: usize = 5;
pub(super) const IMAGE: usize = 8;
pub(super) const FORM: usize = 9;

/// Objects, numbered from 1, and what the trailer says besides `/Size` and `/Root`.
pub(super) struct PdfFile {
    pub(super) objects: Vec<Vec<u8>>,
    pub(super) trailer: String,
}

impl PdfFile {
    /// Two pages with text, a form, an image, an outline and a title. Nothing is wrong with it.
    pub(super) fn small() -> Self {
        let page = |content: usize| {
            format!(
                "<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Resources<</Font<</F 3 0 R>>\
                 /XObject<</I 8 0 R/X 9 0 R>>>>/Contents {content} 0 R>>"
            )
        };
        let text = "BT /F 12 Tf 72 720 Td (Revenue rose by 4.2 percent.) Tj 0 -16 Td (Costs fell.) Tj ET\n\
                    q 100 0 0 100 72 500 cm /I Do Q q 1 0 0 1 72 300 cm /X Do Q 72 200 100 50 re S\n";
        let objects = vec![
            b"<</Type/Catalog/Pages 2 0 R/Outlines 10 0 R>>".to_vec(),
            b"<</Type/Pages/Count 2/Kids[4 0 R 6 0 R]>>".to_vec(),
            b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>".to_vec(),
            page(5).into_bytes(),
            stream("", text.as_bytes()),
            page(7).into_bytes(),
            stream("", b"BT /F 12 Tf 72 720 Td (The second page.) Tj ET"),
            stream(
                "/Type/XObject/Subtype/Image/Width 4/Height 4/BitsPerComponent 8/ColorSpace/DeviceGray",
                b"0123456789abcdef",
            ),
            stream(
                "/Type/XObject/Subtype/Form/BBox[0 0 100 100]/Resources<</Font<</F 3 0 R>>>>",
                b"BT /F 9 Tf (In the form) Tj ET",
            ),
            b"<</Type/Outlines/First 11 0 R/Last 11 0 R/Count 1>>".to_vec(),
            b"<</Title(Chapter)/Parent 10 0 R/Dest[4 0 R/Fit]>>".to_vec(),
            b"<</Title(A small report)>>".to_vec(),
        ];
        Self { objects, trailer: "/Info 12 0 R".into() }
    }

    /// Replaces an object.
    pub(super) fn set(&mut self, number: usize, object: impl Into<Vec<u8>>) {
        self.objects[number - 1] = object.into();
    }

    /// Adds an object and returns its number.
    pub(super) fn add(&mut self, object: impl Into<Vec<u8>>) -> usize {
        self.objects.push(object.into());
        self.objects.len()
    }

    /// Replaces the first page's content.
    pub(super) fn show(&mut self, content: &[u8]) {
        self.set(CONTENT, stream("", content));
    }

    /// Replaces the first page's entries besides type, parent, box and content.
    pub(super) fn page(&mut self, entries: &str) {
        let page = format!("<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 5 0 R{entries}>>");
        self.set(PAGE, page);
    }

    /// Replaces a part of an object that is there once.
    pub(super) fn change(&mut self, number: usize, from: &str, to: &str) {
        let object = String::from_utf8_lossy(&self.objects[number - 1]).replacen(from, to, 1);
        self.set(number, object);
    }

    /// The file, with a table of its objects.
    pub(super) fn write(&self) -> Vec<u8> {
        let mut bytes = b"%PDF-1.7\n".to_vec();
        let offsets = self.write_objects(&mut bytes);
        let table = bytes.len();
        bytes.extend(self.table(&offsets, "").into_bytes());
        bytes.extend(format!("startxref\n{table}\n%%EOF\n").bytes());
        bytes
    }

    /// Writes the objects and returns where each begins.
    pub(super) fn write_objects(&self, bytes: &mut Vec<u8>) -> Vec<usize> {
        let mut offsets = Vec::new();
        for (number, object) in (1..).zip(&self.objects) {
            offsets.push(bytes.len());
            bytes.extend(format!("{number} 0 obj\n").bytes());
            bytes.extend(object);
            bytes.extend(b"\nendobj\n");
        }
        offsets
    }

    /// The table of objects, and the trailer with `more`.
    pub(super) fn table(&self, offsets: &[usize], more: &str) -> String {
        let size = offsets.len() + 1;
        let mut table = format!("xref\n0 {size}\n0000000000 65535 f \n");
        for offset in offsets {
            // Writing to a string never fails.
            let _ = writeln!(table, "{offset:010} 00000 n ");
        }
        table + &format!("trailer\n<</Size {size}/Root 1 0 R{}{more}>>\n", self.trailer)
    }
}

/// A stream with these entries in its dictionary.
pub(super) fn stream(entries: &str, content: &[u8]) -> Vec<u8> {
    stream_of_length(entries, content, &content.len().to_string())
}

/// A stream that claims this length.
pub(super) fn stream_of_length(entries: &str, content: &[u8], length: &str) -> Vec<u8> {
    let mut bytes = format!("<<{entries}/Length {length}>>stream\n").into_bytes();
    bytes.extend(content);
    bytes.extend(b"\nendstream");
    bytes
}

/// Bytes as `FlateDecode` reads them, in blocks that are not compressed.
pub(super) fn deflated(content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x78, 0x01];
    let mut chunks = content.chunks(0xffff).peekable();
    if chunks.peek().is_none() {
        bytes.extend([1, 0, 0, 0xff, 0xff]);
    }
    while let Some(chunk) = chunks.next() {
        bytes.push(u8::from(chunks.peek().is_none()));
        bytes.extend((chunk.len() as u16).to_le_bytes());
        bytes.extend((!(chunk.len() as u16)).to_le_bytes());
        bytes.extend(chunk);
    }
    bytes.extend(adler32(content).to_be_bytes());
    bytes
}

fn adler32(content: &[u8]) -> u32 {
    let (mut low, mut high) = (1_u32, 0_u32);
    for byte in content {
        low = (low + u32::from(*byte)) % 65_521;
        high = (high + low) % 65_521;
    }
    high << 16 | low
}
