//! Small PDFs, written object by object.

/// A PDF of these objects, numbered from 1; the first is the catalogue. `trailer` is added to the trailer.
pub(super) fn pdf_with_trailer(objects: &[Vec<u8>], trailer: &str) -> Vec<u8> {
    let mut bytes = b"%PDF-1.7\n".to_vec();
    let mut offsets = Vec::new();
    for (index, object) in objects.iter().enumerate() {
        offsets.push(bytes.len());
        bytes.extend(format!("{} 0 obj\n", index + 1).bytes());
        bytes.extend(object);
        bytes.extend(b"\nendobj\n");
    }
    let table = bytes.len();
    bytes.extend(format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1).bytes());
    for offset in offsets {
        bytes.extend(format!("{offset:010} 00000 n \n").bytes());
    }
    let size = objects.len() + 1;
    bytes.extend(format!("trailer\n<</Size {size}/Root 1 0 R{trailer}>>\nstartxref\n{table}\n%%EOF\n").bytes());
    bytes
}

/// A PDF of these objects, numbered from 1; the first is the catalogue.
pub(super) fn pdf(objects: &[Vec<u8>]) -> Vec<u8> {
    pdf_with_trailer(objects, "")
}

/// A stream with these entries in its dictionary.
pub(super) fn stream(entries: &str, content: &[u8]) -> Vec<u8> {
    let mut bytes = format!("<<{entries}/Length {}>>stream\n", content.len()).into_bytes();
    bytes.extend(content);
    bytes.extend(b"\nendstream");
    bytes
}

/// The font that the pages below call /F.
pub(super) const FONT: &str = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>";

/// A PDF with one line of text on each page. Objects: 1 catalogue, 2 page tree, 3 font, then page and content in turn.
pub(super) fn text_pdf(texts: &[&str]) -> Vec<u8> {
    let kids: Vec<String> = (0..texts.len()).map(|page| format!("{} 0 R", 4 + 2 * page)).collect();
    let mut objects = vec![
        b"<</Type/Catalog/Pages 2 0 R>>".to_vec(),
        format!("<</Type/Pages/Count {}/Kids[{}]>>", texts.len(), kids.join(" ")).into_bytes(),
        FONT.as_bytes().to_vec(),
    ];
    for (page, text) in texts.iter().enumerate() {
        let content = 5 + 2 * page;
        objects.push(page_object("/MediaBox[0 0 612 792]", content));
        objects.push(stream("", show_text(72, 720, text).as_bytes()));
    }
    pdf(&objects)
}

/// A page whose content is object `content` and whose /F is object 3.
pub(super) fn page_object(entries: &str, content: usize) -> Vec<u8> {
    format!("<</Type/Page/Parent 2 0 R{entries}/Resources<</Font<</F 3 0 R>>>>/Contents {content} 0 R>>").into_bytes()
}

/// Shows text at a place of user space, 12 points high.
pub(super) fn show_text(x: i32, y: i32, text: &str) -> String {
    format!("BT /F 12 Tf {x} {y} Td ({text}) Tj ET\n")
}

/// A PDF of one page; `page` are entries of the page and `content` its content.
pub(super) fn one_page(page: &str, content: &str) -> Vec<u8> {
    pdf(&[
        b"<</Type/Catalog/Pages 2 0 R>>".to_vec(),
        b"<</Type/Pages/Count 1/Kids[4 0 R]>>".to_vec(),
        FONT.as_bytes().to_vec(),
        page_object(page, 5),
        stream("", content.as_bytes()),
    ])
}

/// One page that says `text`, encrypted with RC4 and a key of 40 bits (revision 2) under `password`.
pub(crate) fn encrypted_pdf(text: &str, password: &[u8]) -> Vec<u8> {
    let padded = pad(password);
    let owner = rc4(&md5(&padded)[..5], &padded);
    let permissions = (-4_i32).to_le_bytes();
    let id = *b"0123456789abcdef";
    let key = md5(&[&padded[..], &owner, &permissions, &id].concat())[..5].to_vec();
    let user = rc4(&key, &PADDING);
    let content = 5_u8;
    let content_key = md5(&[&key[..], &[content, 0, 0, 0, 0]].concat())[..10].to_vec();
    let objects = [
        b"<</Type/Catalog/Pages 2 0 R>>".to_vec(),
        b"<</Type/Pages/Count 1/Kids[4 0 R]>>".to_vec(),
        FONT.as_bytes().to_vec(),
        page_object("/MediaBox[0 0 612 792]", usize::from(content)),
        stream("", &rc4(&content_key, show_text(72, 720, text).as_bytes())),
        format!("<</Filter/Standard/V 1/R 2/P -4/O<{}>/U<{}>>>", hex(&owner), hex(&user)).into_bytes(),
    ];
    pdf_with_trailer(&objects, &format!("/Encrypt 6 0 R/ID[<{0}><{0}>]", hex(&id)))
}

/// What fills up passwords, as the PDF specification gives it.
const PADDING: [u8; 32] = [
    0x28, 0xbf, 0x4e, 0x5e, 0x4e, 0x75, 0x8a, 0x41, 0x64, 0x00, 0x4e, 0x56, 0xff, 0xfa, 0x01, 0x08, 0x2e, 0x2e, 0x00,
    0xb6, 0xd0, 0x68, 0x3e, 0x80, 0x2f, 0x0c, 0xa9, 0xfe, 0x64, 0x53, 0x69, 0x7a,
];

fn pad(password: &[u8]) -> Vec<u8> {
    password.iter().chain(&PADDING).copied().take(32).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn rc4(key: &[u8], data: &[u8]) -> Vec<u8> {
    let mut state: Vec<u8> = (0..=255).collect();
    let mut j = 0_u8;
    for i in 0..256 {
        j = j.wrapping_add(state[i]).wrapping_add(key[i % key.len()]);
        state.swap(i, usize::from(j));
    }
    let (mut i, mut j) = (0_u8, 0_u8);
    let mut next = || {
        i = i.wrapping_add(1);
        j = j.wrapping_add(state[usize::from(i)]);
        state.swap(usize::from(i), usize::from(j));
        state[usize::from(state[usize::from(i)].wrapping_add(state[usize::from(j)]))]
    };
    data.iter().map(|byte| byte ^ next()).collect()
}

/// MD5 (RFC 1321).
fn md5(data: &[u8]) -> [u8; 16] {
    const SHIFTS: [[u32; 4]; 4] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];
    let mut padded = data.to_vec();
    padded.push(0x80);
    padded.resize(padded.len().next_multiple_of(64), 0);
    if padded.len() - data.len() < 9 {
        padded.resize(padded.len() + 64, 0);
    }
    let end = padded.len() - 8;
    padded[end..].copy_from_slice(&(data.len() as u64 * 8).to_le_bytes());
    let mut sum = [0x6745_2301_u32, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];
    for block in padded.chunks_exact(64) {
        let words: Vec<u32> =
            block.chunks_exact(4).map(|word| u32::from_le_bytes(word.try_into().expect("four bytes"))).collect();
        let [mut a, mut b, mut c, mut d] = sum;
        for step in 0..64 {
            let (mixed, word) = match step / 16 {
                0 => ((b & c) | (!b & d), step),
                1 => ((d & b) | (!d & c), (5 * step + 1) % 16),
                2 => (b ^ c ^ d, (3 * step + 5) % 16),
                _ => (c ^ (b | !d), (7 * step) % 16),
            };
            let sine = ((step as f64 + 1.0).sin().abs() * 4_294_967_296.0) as u32;
            let turned = a.wrapping_add(mixed).wrapping_add(sine).wrapping_add(words[word]);
            (a, d, c) = (d, c, b);
            b = b.wrapping_add(turned.rotate_left(SHIFTS[step / 16][step % 4]));
        }
        for (sum, part) in sum.iter_mut().zip([a, b, c, d]) {
            *sum = sum.wrapping_add(part);
        }
    }
    let mut bytes = [0; 16];
    for (place, part) in bytes.chunks_exact_mut(4).zip(sum) {
        place.copy_from_slice(&part.to_le_bytes());
    }
    bytes
}
