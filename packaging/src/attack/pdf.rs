//! Mutated PDFs: structures that refer to themselves, numbers that make no sense, streams that are not what they claim.

use super::Kind;
use super::chance::{Chance, find, find_all, overwrite};
use super::pdf_file::{
    CATALOGUE, CONTENT, FONT, FORM, IMAGE, PAGE, PAGES, PdfFile, deflated, stream, stream_of_length,
};
use super::seeds::Seeds;

/// The kinds of mutations that change the file's skeleton: objects, tables, page tree, streams.
pub(super) const KINDS: &[Kind] = &[
    ("swapped-references", swapped_references),
    ("changed-numbers", changed_numbers),
    ("spliced", spliced),
    ("wrong-length", wrong_length),
    ("cyclic-parent", cyclic_parent),
    ("kids-to-itself", kids_to_itself),
    ("deep-page-tree", deep_page_tree),
    ("boxes", boxes),
    ("truncated-stream", truncated_stream),
    ("tables-in-a-ring", tables_in_a_ring),
    ("duplicated-tables", duplicated_tables),
    ("deep-arrays", deep_arrays),
    ("long-names", long_names),
    ("chained-filters", chained_filters),
    ("object-streams", object_streams),
    ("table-stream", table_stream),
    ("length-in-a-ring", length_in_a_ring),
    ("appended-update", appended_update),
    ("titles-and-labels", title),
];

/// A number that a PDF should not have where it is.
pub(super) fn number(chance: &mut Chance) -> &'static str {
    chance.pick(&[
        "NaN",
        "-1",
        "0",
        "1e999",
        "--5",
        "5-5",
        "99999999999999999999",
        "2147483647",
        "-2147483648",
        "4294967295",
        "340282350000000000000000000000000000000",
        "0.0000000000000000000000001",
        ".",
        "+",
        "null",
        "[]",
    ])
}

fn seed(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    if chance.below(3) == 0 { seeds.pdfs[chance.below(seeds.pdfs.len())].clone() } else { PdfFile::small().write() }
}

fn swapped_references(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let mut bytes = seed(seeds, chance);
    let places: Vec<usize> = find_all(&bytes, b" 0 R");
    for _ in 0..=chance.below(8) {
        let Some(&place) = places.get(chance.below(places.len())) else { break };
        let digit = place - 1;
        let old = bytes[digit];
        let new = b'0' + (old.wrapping_sub(b'0').wrapping_add(1 + chance.below(9) as u8)) % 10;
        bytes[digit] = new;
    }
    bytes
}

fn changed_numbers(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let bytes = seed(seeds, chance);
    let keys: [&[u8]; 12] = [
        b"/Width ",
        b"/Height ",
        b"/Count ",
        b"/Length ",
        b"/FirstChar ",
        b"/Size ",
        b"/N ",
        b"/First ",
        b"/Columns ",
        b"/Predictor ",
        b" Td",
        b" Tf",
    ];
    let mut out = bytes.clone();
    for _ in 0..=chance.below(4) {
        let key = chance.pick(&keys);
        let places = find_all(&out, key);
        let Some(&place) = places.get(chance.below(places.len())) else { continue };
        let at = if key.starts_with(b"/") { place + key.len() } else { place - 1 };
        let end = at + out[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        out.splice(at..end, number(chance).bytes());
    }
    if out == bytes {
        out.splice(9..9, b"1 0 obj\nNaN\nendobj\n".iter().copied());
    }
    out
}

fn spliced(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let (one, other) = (seed(seeds, chance), seed(seeds, chance));
    let (cut, from) = (10 + chance.below(one.len() - 10), chance.below(other.len()));
    [&one[..cut], &other[from..], b"\n"].concat()
}

fn wrong_length(_: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let mut pdf = PdfFile::small();
    let length = match chance.below(6) {
        0 => "5 0 R".to_owned(),
        1 => "4 0 R".to_owned(),
        2 => chance.below(30).to_string(),
        _ => number(chance).to_owned(),
    };
    pdf.set(CONTENT, stream_of_length("", b"BT /F 12 Tf 72 720 Td (endstream endobj) Tj ET", &length));
    pdf.write()
}

fn cyclic_parent(_: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let mut pdf = PdfFile::small();
    let parent = [PAGE, PAGE + 2, PAGES][chance.below(3)];
    // Box and resources are inherited, so the parents are followed.
    pdf.set(PAGE, format!("<</Type/Page/Parent {parent} 0 R/Contents 5 0 R>>"));
    pdf.set(PAGE + 2, format!("<</Type/Page/Parent {PAGE} 0 R/Contents 7 0 R>>"));
    pdf.change(PAGES, "/Type/Pages", &format!("/Type/Pages/Parent {parent} 0 R"));
    pdf.write()
}

fn kids_to_itself(_: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let mut pdf = PdfFile::small();
    let count = chance.pick(&["2", "3", "100", "-5", "65535"]);
    let kids =
        chance.pick(&["2 0 R", "1 0 R", "4 0 R 2 0 R 6 0 R", "4 0 R 4 0 R 4 0 R", "[4 0 R] 2 0 R", "99 0 R 5 0 R"]);
    pdf.set(PAGES, format!("<</Type/Pages/Count {count}/Kids[{kids}]>>"));
    pdf.write()
}

fn deep_page_tree(_: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let mut pdf = PdfFile::small();
    let levels = [100, 1000, 5000][chance.below(3)];
    let first = pdf.objects.len() + 1;
    pdf.set(PAGES, format!("<</Type/Pages/Count 1/Kids[{first} 0 R]>>"));
    for level in 0..levels {
        let kid = if level + 1 == levels { PAGE } else { first + level + 1 };
        let parent = if level == 0 { PAGES } else { first + level - 1 };
        pdf.add(format!("<</Type/Pages/Count 1/Parent {parent} 0 R/Kids[{kid} 0 R]>>"));
    }
    pdf.set(PAGE, format!("<</Type/Page/Parent {} 0 R/Contents 5 0 R>>", first + levels - 1));
    pdf.write()
}

fn boxes(_: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let mut pdf = PdfFile::small();
    let page_box = match chance.below(5) {
        0 => "[0 0 100000000 100000000]".to_owned(),
        1 => "[612 792 0 0]".to_owned(),
        2 => "[0 0 0 0]".to_owned(),
        3 => "[0 0 0.001 100000]".to_owned(),
        _ => format!("[{} 0 {} {}]", number(chance), number(chance), number(chance)),
    };
    let key =
        chance.pick(&["/CropBox", "/UserUnit 1000000000/CropBox", "/Rotate 45/CropBox", "/Rotate 2147483647/TrimBox"]);
    pdf.change(PAGE, "/MediaBox[0 0 612 792]", &format!("/MediaBox{page_box}{key}{page_box}"));
    pdf.write()
}

fn truncated_stream(_: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let mut pdf = PdfFile::small();
    let mut content = deflated(&b"BT /F 12 Tf 72 720 Td (Text) Tj ET\n".repeat(1 + chance.below(2000)));
    content.truncate(1 + chance.below(content.len()));
    let parameters = match chance.below(3) {
        0 => format!(
            "/DecodeParms<</Predictor {}/Columns {}/Colors {}>>",
            10 + chance.below(6),
            number(chance),
            number(chance)
        ),
        1 => "/DecodeParms<</Predictor 2/Columns 2147483647/Colors 2147483647/BitsPerComponent 32>>".into(),
        _ => String::new(),
    };
    pdf.set(CONTENT, stream(&format!("/Filter/FlateDecode{parameters}"), &content));
    pdf.write()
}

fn tables_in_a_ring(_: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let pdf = PdfFile::small();
    let mut bytes = b"%PDF-1.7\n".to_vec();
    let offsets = pdf.write_objects(&mut bytes);
    let first = bytes.len();
    let length = pdf.table(&offsets, &format!("/Prev {first:010}")).len();
    let previous = [first, first + length, 0, 9_999_999_999][chance.below(4)];
    bytes.extend(pdf.table(&offsets, &format!("/Prev {previous:010}")).into_bytes());
    let second = bytes.len();
    bytes.extend(pdf.table(&offsets, &format!("/Prev {first:010}/XRefStm {second}")).into_bytes());
    bytes.extend(format!("startxref\n{second}\n%%EOF\n").bytes());
    bytes
}

fn duplicated_tables(_: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let bytes = PdfFile::small().write();
    let Some(start) = find(&bytes, b"xref\n", 0) else { return bytes };
    let Some(end) = find(&bytes, b"trailer", start) else { return bytes };
    let mut table = bytes[start..end].to_vec();
    let change = 30 + chance.below(table.len() - 30);
    table[change] = b'9';
    let copies = [1, 50, 3000][chance.below(3)];
    [&bytes[..end], &table.repeat(copies), &bytes[end..]].concat()
}

fn deep_arrays(_: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let mut pdf = PdfFile::small();
    let (open, close) = [("[", "]"), ("<</A", ">>"), ("[<</Kids[", "]>>]")][chance.below(3)];
    let deep = format!("{}0{}", open.repeat(10_000), close.repeat(10_000));
    match chance.below(5) {
        0 => pdf.page(&format!("/Annots {deep}")),
        1 => pdf.change(CATALOGUE, "/Outlines 10 0 R", &format!("/Outlines 10 0 R/Names {deep}")),
        2 => pdf.set(FONT, format!("<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding {deep}>>")),
        3 => pdf.show(format!("BT /F 12 Tf {deep} TJ (Text) Tj ET").as_bytes()),
        _ => pdf.set(PAGES, format!("<</Type/Pages/Count 2/Kids {deep}>>")),
    }
    pdf.write()
}

fn long_names(_: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let mut pdf = PdfFile::small();
    let name = chance.pick(&["N", "#00", "#1b[2J", "(", "\u{202e}"]).repeat(100_000);
    match chance.below(4) {
        0 => pdf.set(FONT, format!("<</Type/Font/Subtype/Type1/BaseFont/{name}>>")),
        1 => pdf.page(&format!("/Resources<</Font<</{name} 3 0 R>>>>")),
        2 => pdf.show(format!("BT /{name} 12 Tf (Text) Tj ET").as_bytes()),
        _ => {
            let entries = format!("/Type/XObject/Subtype/Image/Width 4/Height 4/ColorSpace/{name}");
            pdf.set(IMAGE, stream(&entries, b"0123"));
        }
    }
    pdf.write()
}

fn chained_filters(_: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let mut pdf = PdfFile::small();
    let names =
        ["/ASCIIHexDecode", "/ASCII85Decode", "/LZWDecode", "/FlateDecode", "/RunLengthDecode", "/Crypt", "/JPXDecode"];
    let only = chance.below(names.len());
    let mixed = chance.below(2) == 0;
    let chain: String = (0..50).map(|_| if mixed { names[chance.below(names.len())] } else { names[only] }).collect();
    let content = match chance.below(3) {
        0 => b"3c".repeat(40_000),
        1 => chance.bytes(20_000),
        _ => deflated(b"BT /F 12 Tf (Text) Tj ET"),
    };
    let target = if chance.below(2) == 0 { CONTENT } else { IMAGE };
    let entries = if target == IMAGE {
        "/Type/XObject/Subtype/Image/Width 9/Height 9/BitsPerComponent 8/ColorSpace/DeviceRGB"
    } else {
        ""
    };
    pdf.set(target, stream(&format!("{entries}/Filter[{chain}]"), &content));
    pdf.write()
}

fn object_streams(_: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let mut pdf = PdfFile::small();
    let number_of_it = pdf.objects.len() + 1;
    let (count, first) = (number(chance), number(chance));
    let inner = match chance.below(3) {
        0 => "4 0 6 0 3 0 <</Type/Page>>".to_owned(),
        1 => format!("{} 0 ", chance.odd_number()).repeat(2000),
        _ => "1 -5 2 99999999 <<>>".to_owned(),
    };
    pdf.add(stream(&format!("/Type/ObjStm/N {count}/First {first}/Extends {number_of_it} 0 R"), inner.as_bytes()));
    let mut bytes = pdf.write();
    // The table no longer says where the objects are, so they are looked for.
    if let Some(at) = find(&bytes, b"startxref\n", 0) {
        overwrite(&mut bytes, at + 10, b"9");
    }
    bytes
}

fn table_stream(_: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let pdf = PdfFile::small();
    let mut bytes = b"%PDF-1.7\n".to_vec();
    let offsets = pdf.write_objects(&mut bytes);
    let mut rows = vec![0, 0, 0, 0, 0, 255];
    for offset in &offsets {
        rows.push(1 + u8::from(chance.below(6) == 0));
        rows.extend((*offset as u32).to_be_bytes());
        rows.push(0);
    }
    let widths = chance.pick(&[
        "[1 4 1]",
        "[8 8 8]",
        "[0 4 1]",
        "[-1 4 1]",
        "[1 2147483647 1]",
        "[1 4]",
        "[2147483647 2147483647 2147483647]",
    ]);
    let index = chance.pick(&[
        "",
        "/Index[0 2147483647]",
        "/Index[-5 20]",
        "/Index[0 1 0 1 0 1]",
        "/Index[4294967290 20]",
        "/Index[5]",
    ]);
    let size = chance.pick(&["13", "2147483647", "0", "-1", "8388607"]);
    let start = bytes.len();
    bytes.extend(b"13 0 obj\n");
    bytes.extend(stream(&format!("/Type/XRef/Size {size}/W{widths}{index}/Root 1 0 R/Prev {start}"), &rows));
    bytes.extend(format!("\nendobj\nstartxref\n{start}\n%%EOF\n").bytes());
    bytes
}

fn length_in_a_ring(_: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let mut pdf = PdfFile::small();
    let next = pdf.objects.len() + 1;
    pdf.set(CONTENT, stream_of_length("", b"BT /F 12 Tf (Text) Tj ET", &format!("{next} 0 R")));
    match chance.below(3) {
        0 => pdf.add(format!("{} 0 R", next + 1)),
        1 => pdf.add(format!("{next} 0 R")),
        _ => pdf.add(stream_of_length("", b"9", &format!("{CONTENT} 0 R"))),
    };
    pdf.add(format!("{next} 0 R"));
    pdf.page(&format!("/Resources {next} 0 R/Annots {next} 0 R"));
    pdf.write()
}

fn appended_update(_: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let mut bytes = PdfFile::small().write();
    let old = find(&bytes, b"xref\n", 0).unwrap_or_default();
    let target = [CATALOGUE, PAGES, FONT, PAGE, FORM][chance.below(5)];
    let object =
        chance.pick(&["null", "42", "[1 0 R]", "<</Type/Catalog>>", "(text)", "<</Type/Pages/Kids[1 0 R]/Count 1>>"]);
    let at = bytes.len();
    let generation = chance.pick(&["00000", "65535", "00007"]);
    bytes.extend(format!("{target} 0 obj\n{object}\nendobj\n").bytes());
    let table = bytes.len();
    bytes.extend(
        format!("xref\n{target} 1\n{at:010} {generation} n \ntrailer\n<</Size 13/Root 1 0 R/Prev {old}>>\n").bytes(),
    );
    bytes.extend(format!("startxref\n{table}\n%%EOF\n").bytes());
    bytes
}

fn title(_: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let mut pdf = PdfFile::small();
    let title = chance.pick(&[
        "(\\033[2J\\033]0;title\\007)",
        "(error: forged\\nhint: forged\\r)",
        "<feff202e0041000a0007001b>",
        "<feffd800d800dc00>",
        "<efbbbfff80>",
        "(\\233\\2312J)",
    ]);
    let labels = chance.pick(&[
        "",
        "/PageLabels<</Nums[0<</P(\\033[31m)/S/D/St 2147483647>>]>>",
        "/PageLabels<</Nums[0<</S/R/St 2000000000>>]>>",
    ]);
    pdf.set(12, format!("<</Title{title}/Author{title}>>"));
    pdf.set(11, format!("<</Title{title}/Parent 10 0 R/Dest[4 0 R/XYZ {} {} 0]>>", number(chance), number(chance)));
    pdf.change(CATALOGUE, "/Outlines", &format!("{labels}/Outlines"));
    pdf.write()
}
