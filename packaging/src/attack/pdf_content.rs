//! Mutated PDFs whose skeleton is sound: what is drawn on the page makes no sense.

use std::fmt::Write as _;

use super::Kind;
use super::chance::Chance;
use super::pdf::number;
use super::pdf_file::{CONTENT, FONT, FORM, IMAGE, PAGE, PdfFile, deflated, stream};
use super::seeds::Seeds;

/// The kinds of mutations of what pages draw.
pub(super) const KINDS: &[Kind] = &[
    ("forms-in-forms", forms_in_forms),
    ("doubling-forms", doubling_forms),
    ("operands", operands),
    ("unbalanced", unbalanced),
    ("image-sizes", image_sizes),
    ("image-streams", image_streams),
    ("inline-images", inline_images),
    ("colour-spaces", colour_spaces),
    ("patterns", patterns),
    ("functions", functions),
    ("font-widths", font_widths),
    ("to-unicode", to_unicode),
    ("glyph-procedures", glyph_procedures),
    ("soft-masks", soft_masks),
    ("annotations", annotations),
    ("font-files", font_files),
    ("layers", layers),
];

fn forms_in_forms(_: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let mut pdf = PdfFile::small();
    let deep = [1, 20, 500, 5000][chance.below(4)];
    let first = pdf.objects.len() + 1;
    for level in 0..deep {
        let next = if level + 1 == deep { FORM } else { first + level + 1 };
        let entries = format!("/Type/XObject/Subtype/Form/BBox[0 0 100 100]/Resources<</XObject<</X {next} 0 R>>>>");
        pdf.add(stream(&entries, b"q /X Do Q"));
    }
    let entries = format!("/Type/XObject/Subtype/Form/BBox[0 0 100 100]/Resources<</XObject<</X {first} 0 R>>>>");
    pdf.set(FORM, stream(&entries, b"/X Do /X Do"));
    pdf.write()
}

fn doubling_forms(_: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let mut pdf = PdfFile::small();
    let deep = 6 + chance.below(20);
    let first = pdf.objects.len() + 1;
    for level in 0..deep {
        let next = first + level + 1;
        let entries = format!("/Type/XObject/Subtype/Form/BBox[0 0 100 100]/Resources<</XObject<</X {next} 0 R>>>>");
        pdf.add(stream(&entries, b"/X Do 1 0 0 1 1 0 cm /X Do"));
    }
    pdf.add(stream("/Type/XObject/Subtype/Form/BBox[0 0 9 9]", b"0 0 5 5 re f"));
    pdf.change(PAGE, "/X 9 0 R", &format!("/X {first} 0 R"));
    pdf.write()
}

fn operands(_: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let mut pdf = PdfFile::small();
    let mut content = String::from("BT /F 12 Tf 72 720 Td (Before) Tj ET\n");
    for _ in 0..20 {
        let mut n = || number(chance);
        let (a, b, c, d, e, f) = (n(), n(), n(), n(), n(), n());
        let operator = chance.pick(&[
            "cm", "Tm", "Td", "TD", "Tz", "Tc", "Tw", "TL", "Ts", "Tr", "re f", "l S", "c S", "w", "d", "M", "Tf",
            "gs", "Do", "k", "'",
        ]);
        // Writing to a string never fails.
        let _ = write!(
            content,
            "{a} {b} {c} {d} {e} {f} {operator}\nBT /F {a} Tf {b} {c} Td (Text) Tj [(A) {d} (B)] TJ ET\n"
        );
    }
    pdf.show(content.as_bytes());
    pdf.write()
}

fn unbalanced(_: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let mut pdf = PdfFile::small();
    let part = chance.pick(&[
        "q ",
        "Q ",
        "BT ",
        "ET ",
        "/A BMC ",
        "EMC ",
        "[ ",
        "<< ",
        "( ",
        "BI ",
        "W n ",
        "q 1 0 0 1 1 1 cm ",
        "/F 12 Tf ",
        "(a) Tj ",
    ]);
    let many = part.repeat([1000, 30_000, 200_000][chance.below(3)] / part.len());
    pdf.show(format!("BT /F 12 Tf 72 720 Td (Before) Tj ET {many} BT /F 12 Tf 72 700 Td (After) Tj ET").as_bytes());
    pdf.write()
}

fn image_sizes(_: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let mut pdf = PdfFile::small();
    let bits = chance.pick(&["0", "1", "8", "16", "17", "32", "-8", "2147483647"]);
    let space = chance.pick(&[
        "/DeviceGray",
        "/DeviceCMYK",
        "[/Indexed/DeviceRGB 2147483647<00>]",
        "[/Indexed/DeviceRGB 255()]",
        "/Pattern",
    ]);
    let size = |chance: &mut Chance| chance.pick(&["0", "1", "65535", "65536", "100000", "2147483647", "-4"]);
    let (width, height) = (size(chance), size(chance));
    let more = chance.pick(&[
        "",
        "/Decode[0]",
        "/Decode[NaN 1e38 0]",
        "/ImageMask true",
        "/Mask[0 1 2 3 4 5 6 7]",
        "/SMask 8 0 R",
        "/Mask 8 0 R",
    ]);
    let entries = format!(
        "/Type/XObject/Subtype/Image/Width {width}/Height {height}/BitsPerComponent {bits}/ColorSpace {space}{more}"
    );
    pdf.set(IMAGE, stream(&entries, &chance.bytes(64)));
    pdf.write()
}

fn image_streams(seeds: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let mut pdf = PdfFile::small();
    let filter = chance.pick(&[
        "/CCITTFaxDecode/DecodeParms<</K -1/Columns 2147483647/Rows 2147483647>>",
        "/CCITTFaxDecode/DecodeParms<</K 4/Columns 60000/Rows 60000/BlackIs1 true>>",
        "/CCITTFaxDecode/DecodeParms<</K 0/Columns -1/Rows 0>>",
        "/JBIG2Decode/DecodeParms<</JBIG2Globals 8 0 R>>",
        "/JBIG2Decode",
        "/JPXDecode",
        "/DCTDecode/DecodeParms<</ColorTransform 7>>",
        "/RunLengthDecode",
        "/LZWDecode/DecodeParms<</EarlyChange 9>>",
    ]);
    let mut content = match chance.below(3) {
        0 => chance.bytes(3000),
        1 if !seeds.jpegs.is_empty() => seeds.jpegs[chance.below(seeds.jpegs.len())].clone(),
        _ => [&b"\0\0\0\0\x30\0\x01\0\0\0\x13"[..], &chance.odd_number().to_be_bytes(), &chance.bytes(200)].concat(),
    };
    let at = chance.below(content.len());
    content[at] ^= 1 << chance.below(8);
    let entries = format!(
        "/Type/XObject/Subtype/Image/Width {}/Height {}/BitsPerComponent 8/ColorSpace/DeviceRGB/Filter{filter}",
        chance.pick(&["16", "4000", "30000"]),
        chance.pick(&["16", "4000", "30000"])
    );
    pdf.set(IMAGE, stream(&entries, &content));
    pdf.write()
}

fn inline_images(_: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let mut pdf = PdfFile::small();
    let size = chance.pick(&["1000000000", "2147483647", "-1", "40000", "0", "NaN"]);
    let filter =
        chance.pick(&["", "/F/Fl", "/F[/A85/Fl/RL]", "/F/CCF/DP<</Columns 2147483647>>", "/F/DCT", "/L 2147483647"]);
    let data = chance.bytes(300);
    let mut content = format!("BI /W {size}/H {size}/BPC 8/CS/RGB{filter} ID ").into_bytes();
    content.extend(&data);
    content.extend(b" EI BT /F 12 Tf 72 720 Td (After) Tj ET");
    pdf.show(&content.repeat(1 + chance.below(200)));
    pdf.write()
}

fn colour_spaces(_: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let mut pdf = PdfFile::small();
    let own = pdf.objects.len() + 1;
    let space = match chance.below(5) {
        0 => format!("[/Indexed {own} 0 R 3 <000102>]"),
        1 => format!("[/Separation/Black {own} 0 R {own} 0 R]"),
        2 => format!("[/ICCBased {own} 0 R]"),
        3 => format!("[/DeviceN[{}]/DeviceCMYK 8 0 R]", "/A".repeat(5000)),
        _ => format!("[/CalRGB<</WhitePoint[{} 0 NaN]/Gamma[0 0 -1]>>]", number(chance)),
    };
    if chance.below(2) == 0 {
        pdf.add(space);
    } else {
        pdf.add(stream(&format!("/N {}/Alternate {own} 0 R", number(chance)), b"not a profile"));
    }
    pdf.set(
        IMAGE,
        stream(
            &format!("/Type/XObject/Subtype/Image/Width 4/Height 4/BitsPerComponent 8/ColorSpace {own} 0 R"),
            &[7; 64],
        ),
    );
    pdf.page(&format!("/Resources<</ColorSpace<</C {own} 0 R>>/XObject<</I 8 0 R>>/Font<</F 3 0 R>>>>"));
    pdf.show(b"/C cs 1 0 0 sc 0 0 100 100 re f /C CS 1 SCN q 100 0 0 100 0 0 cm /I Do Q BT /F 12 Tf (Text) Tj ET");
    pdf.write()
}

fn patterns(_: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let mut pdf = PdfFile::small();
    let own = pdf.objects.len() + 1;
    let step = chance.pick(&["0", "0.0000001", "-1", "1e30", "NaN", "0.01"]);
    let entries = format!(
        "/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 {} 10]/XStep {step}/YStep {step}/Resources<</Pattern<</P {own} 0 R>>>>",
        number(chance)
    );
    pdf.add(stream(&entries, b"/Pattern cs /P scn 0 0 10 10 re f"));
    pdf.page(&format!("/Resources<</Pattern<</P {own} 0 R>>/Font<</F 3 0 R>>>>"));
    pdf.show(b"/Pattern cs /P scn 0 0 600 700 re f BT /F 12 Tf 72 720 Td (Text) Tj ET");
    pdf.write()
}

fn functions(_: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let mut pdf = PdfFile::small();
    let function = pdf.objects.len() + 1;
    let object = match chance.below(4) {
        0 => stream("/FunctionType 4/Domain[0 1]/Range[0 1 0 1 0 1]", "{ ".repeat(20_000).as_bytes()),
        1 => stream(
            "/FunctionType 0/Domain[0 1 0 1 0 1 0 1]/Range[0 1]/Size[65535 65535 65535 65535]/BitsPerSample 32",
            b"ab",
        ),
        2 => format!(
            "<</FunctionType 3/Domain[0 1]/Functions[{function} 0 R {function} 0 R]/Bounds[0.5]/Encode[0 1 0 1]>>"
        )
        .into(),
        _ => {
            stream("/FunctionType 4/Domain[0 1]/Range[0 1 0 1 0 1]", "{ dup 2147483647 -1 roll 1e38 copy }".as_bytes())
        }
    };
    pdf.add(object);
    let kind = 1 + chance.below(7);
    let shading = pdf.add(stream(
        &format!(
            "/ShadingType {kind}/ColorSpace/DeviceRGB/Function {function} 0 R/Coords[0 0 0 {} 0 0]/Domain[0 1]\
             /BitsPerCoordinate 32/BitsPerComponent 16/BitsPerFlag 8/VerticesPerRow {}/Decode[0 1 0 1 0 1]",
            number(chance),
            number(chance)
        ),
        &chance.bytes(500),
    ));
    pdf.page(&format!("/Resources<</Shading<</S {shading} 0 R>>/Font<</F 3 0 R>>>>"));
    pdf.show(b"/S sh BT /F 12 Tf 72 720 Td (Text) Tj ET");
    pdf.write()
}

fn font_widths(_: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let mut pdf = PdfFile::small();
    let n = |chance: &mut Chance| number(chance);
    let font = match chance.below(3) {
        0 => format!(
            "/Type1/BaseFont/Helvetica/FirstChar {}/LastChar {}/Widths[{} {} {}]",
            n(chance),
            n(chance),
            n(chance),
            n(chance),
            n(chance)
        ),
        1 => format!(
            "/Type0/BaseFont/A/Encoding/Identity-H/DescendantFonts[<</Type/Font/Subtype/CIDFontType2/BaseFont/A\
             /CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/DW {}/W[0 2147483647 {} 5[{}]]>>]",
            n(chance),
            n(chance),
            n(chance)
        ),
        _ => format!("/Type0/BaseFont/A/Encoding/Identity-H/DescendantFonts[{FONT} 0 R {FONT} 0 R]"),
    };
    pdf.set(FONT, format!("<</Type/Font/Subtype{font}>>"));
    pdf.write()
}

fn to_unicode(_: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let mut pdf = PdfFile::small();
    let map = match chance.below(5) {
        0 => "1 beginbfrange <00000000> <ffffffff> <0041> endbfrange".to_owned(),
        1 => format!("1 beginbfrange <00> <ff> <{}> endbfrange", "0041".repeat(20_000)),
        2 => "1 beginbfchar <41> <001b005b0032004a> endbfchar 1 beginbfchar <52> <d800> endbfchar".to_owned(),
        3 => "100000000 beginbfchar ".to_owned() + &"<41> <0042> ".repeat(50_000),
        _ => "1 begincodespacerange <> <ffffffffffffffff> endcodespacerange 2 beginbfrange <41> <5a> [<0041>] <61> <60> <0041> endbfrange".into(),
    };
    let own = pdf.add(stream("", format!("/CMapName/A def 1 begincmap {map} endcmap").as_bytes()));
    pdf.set(FONT, format!("<</Type/Font/Subtype/Type1/BaseFont/Helvetica/ToUnicode {own} 0 R>>"));
    pdf.write()
}

fn glyph_procedures(_: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let mut pdf = PdfFile::small();
    let glyph = pdf.add(stream("", b"500 0 0 0 500 500 d1 BT /F 1 Tf (RR) Tj ET /I Do"));
    pdf.set(
        FONT,
        format!(
            "<</Type/Font/Subtype/Type3/FontBBox[0 0 {} 1000]/FontMatrix[{} 0 0 0.001 0 0]/FirstChar 82/LastChar 82/Widths[{}]\
             /CharProcs<</R {glyph} 0 R>>/Encoding<</Differences[82/R]>>/Resources<</Font<</F 3 0 R>>/XObject<</I 9 0 R>>>>>>",
            number(chance),
            chance.pick(&["0.001", "NaN", "0", "1e30"]),
            number(chance)
        ),
    );
    pdf.change(FORM, "/Subtype/Form", &format!("/Subtype/Form/Matrix[{} 0 0 1 0 0]", number(chance)));
    pdf.write()
}

fn soft_masks(_: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let mut pdf = PdfFile::small();
    let state = pdf.objects.len() + 1;
    pdf.add(format!(
        "<</Type/ExtGState/SMask<</S/Luminosity/G 9 0 R/BC[{}]>>/BM/NoSuch/LW {}/Font[3 0 R NaN]>>",
        number(chance),
        number(chance)
    ));
    let group = format!(
        "/Type/XObject/Subtype/Form/BBox[0 0 {} 100]/Group<</S/Transparency/CS {state} 0 R>>/Resources<</ExtGState<</G {state} 0 R>>/XObject<</X 9 0 R>>>>",
        chance.pick(&["100", "1000000", "NaN", "-5"])
    );
    pdf.set(FORM, stream(&group, b"/G gs 0 0 50 50 re f /X Do"));
    pdf.change(PAGE, "/XObject", &format!("/ExtGState<</G {state} 0 R>>/XObject"));
    pdf.set(CONTENT, stream("", b"/G gs 0 0 600 700 re f BT /F 12 Tf 72 720 Td (Text) Tj ET /X Do"));
    pdf.write()
}

fn annotations(_: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let mut pdf = PdfFile::small();
    let own = pdf.objects.len() + 1;
    let address = match chance.below(4) {
        0 => "h".repeat(100_000),
        1 => "javascript:\\033[2J".into(),
        2 => "\\000\\377\\376".into(),
        _ => format!("file:///{}", "../".repeat(5000)),
    };
    pdf.add(format!(
        "<</Type/Annot/Subtype/{}/Rect[{} 0 {} 10]/Popup {own} 0 R/Parent {own} 0 R/AP<</N 9 0 R>>/A<</S/URI/URI({address})/Next {own} 0 R>>\
         /Dest[4 0 R/XYZ {} {} {}]/QuadPoints[{} 1 2]>>",
        chance.pick(&["Link", "Popup", "Widget", "FreeText", "Ink"]),
        number(chance), number(chance), number(chance), number(chance), number(chance), number(chance)
    ));
    let many = [1, 100, 20_000][chance.below(3)];
    let page = format!(
        "/Annots[{}]/Resources<</Font<</F 3 0 R>>/XObject<</I 8 0 R/X 9 0 R>>>>",
        format!("{own} 0 R ").repeat(many)
    );
    pdf.page(&page);
    pdf.write()
}

fn font_files(_: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let mut pdf = PdfFile::small();
    let mut file = match chance.below(3) {
        0 => b"\0\x01\0\0\xff\xff\0\x80\0\x03\0\x70cmap\0\0\0\0\0\0\0\x0c\xff\xff\xff\xffglyf\0\0\0\0\x7f\xff\xff\xff\x7f\xff\xff\xff".to_vec(),
        1 => b"%!PS-AdobeFont-1.0: A\n/FontMatrix [NaN 0 0 0] def /Subrs 2147483647 array dup 0 4 RD".to_vec(),
        _ => b"\x01\0\x04\x04\0\x01\x01\x01\x02A\0\0\x01\x01\x01\xff\x1d\x7f\xff\xff\xff\x11".to_vec(),
    };
    file.extend(chance.bytes(400));
    let key = chance.pick(&["/FontFile", "/FontFile2", "/FontFile3"]);
    let own = pdf.add(stream(
        &format!("/Filter/FlateDecode/Length1 {}/Length2 {}/Subtype/Type1C", number(chance), number(chance)),
        &deflated(&file),
    ));
    let descriptor = format!(
        "<</Type/FontDescriptor/FontName/A/Flags {}/FontBBox[{} 0 1 1]/Ascent {}/Descent {}/StemV {}{key} {own} 0 R>>",
        number(chance),
        number(chance),
        number(chance),
        number(chance),
        number(chance)
    );
    let kind = chance.pick(&["Type1", "TrueType", "MMType1"]);
    pdf.set(
        FONT,
        format!("<</Type/Font/Subtype/{kind}/BaseFont/A/FirstChar 0/LastChar 255/FontDescriptor {descriptor}>>"),
    );
    pdf.write()
}

fn layers(_: &Seeds, chance: &mut Chance) -> Vec<u8> {
    let mut pdf = PdfFile::small();
    let own = pdf.objects.len() + 1;
    pdf.add(format!("<</Type/OCMD/OCGs[{own} 0 R {own} 0 R]/VE[/And {own} 0 R[/Not {own} 0 R]]/P/AllOn>>"));
    pdf.change(
        1,
        "/Outlines",
        &format!(
            "/OCProperties<</OCGs[{own} 0 R]/D {own} 0 R>>/StructTreeRoot {own} 0 R/MarkInfo<</Marked true>>/Outlines"
        ),
    );
    pdf.change(PAGE, "/XObject", &format!("/Properties<</L {own} 0 R>>/XObject"));
    let deep = [10, 1000, 30_000][chance.below(3)];
    pdf.show(
        format!("{}BT /F 12 Tf 72 720 Td (Text) Tj ET{}", "/OC /L BDC ".repeat(deep), " EMC".repeat(deep)).as_bytes(),
    );
    pdf.write()
}
