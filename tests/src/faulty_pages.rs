//! A process that speaks as `recto pages` does and misbehaves in the manner that its first argument names.

use std::io::{Write, stdin, stdout};
use std::time::Duration;

use engine::document::geometry::Rect;
use engine::document::page::OutlineItem;
use engine::document::pages::Sandbox;
use engine::document::pages::picture_wire::{self, PictureReply, PictureRequest, PicturesInfo};
use engine::document::pages::wire::{
    Extras, Fault, FileInfo, MAX_OUTLINE, Reply, Request, VERSION, read_message, write_message,
};
use engine::document::raw::{LinkTarget, MAX_OBJECTS, RawLink, RawObject, RawObjectKind, RawPage};

fn main() -> std::io::Result<()> {
    let manner = std::env::args().nth(1).unwrap_or_default();
    if std::env::args().any(|argument| argument == "--pictures") {
        return serve_pictures(&manner);
    }
    match manner.as_str() {
        "environment" => {
            let names: Vec<String> = std::env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned()).collect();
            return say(&Reply::Refused(Fault::Library(format!("it sees: {}", names.join(" ")))));
        }
        "silent" => hang(),
        "dies-at-once" => return Ok(()),
        "other-version" => say(&Reply::Hello { version: VERSION + 1 })?,
        _ => say(&Reply::Hello { version: VERSION })?,
    }
    while let Some(request) = read_message::<Request>(&mut stdin())? {
        match request {
            Request::Open { .. } if manner == "empty-labels" => say_empty_labels()?,
            Request::Open { .. } if manner.starts_with("lies-") => {
                say(&Reply::Opened(lying_info(&manner), Sandbox::None))?;
            }
            Request::Page { .. } if manner.starts_with("page-") => say(&Reply::Page(lying_page(&manner)))?,
            Request::Open { .. } => {
                let page_count = if manner == "mixed" { 6 } else { 8 };
                say(&Reply::Opened(FileInfo { page_count, ..FileInfo::default() }, Sandbox::None))?;
            }
            Request::Extras => say(&Reply::Extras(Extras::default()))?,
            Request::Page { .. } if manner == "always-dies" => std::process::exit(3),
            Request::Page { index: 1 } => hang(),
            Request::Page { index: 2 } => std::process::exit(3),
            Request::Page { index: 4 } => stdout().write_all(&[255; 64]).and_then(|()| stdout().flush())?,
            Request::Page { .. } => {
                say(&Reply::Page(RawPage { width_pt: 100.0, height_pt: 100.0, ..RawPage::default() }))?;
            }
            Request::Render { .. } => say(&Reply::Refused(Fault::OutOfBounds))?,
        }
    }
    Ok(())
}

/// The same for image files.
fn serve_pictures(manner: &str) -> std::io::Result<()> {
    let say = |reply: &PictureReply| write_message(&mut stdout(), reply);
    match manner {
        "dies-at-once" => return Ok(()),
        "other-version" => say(&PictureReply::Hello { version: picture_wire::VERSION + 1 })?,
        _ => say(&PictureReply::Hello { version: picture_wire::VERSION })?,
    }
    while read_message::<PictureRequest>(&mut stdin())?.is_some() {
        let sizes_px = vec![Some((1, 1)); picture_wire::MAX_PICTURES + 1];
        say(&PictureReply::Opened(PicturesInfo { sizes_px, warnings: Vec::new() }))?;
    }
    Ok(())
}

fn say(reply: &Reply) -> std::io::Result<()> {
    write_message(&mut stdout(), reply)
}

/// What no file says of itself.
fn lying_info(manner: &str) -> FileInfo {
    let honest = FileInfo { page_count: 8, ..FileInfo::default() };
    let item = |page, depth| OutlineItem { title: "title".to_owned(), page: Some(page), depth };
    match manner {
        "lies-of-pages" => FileInfo { page_count: 4_000_000_000, ..honest },
        "lies-of-no-pages" => FileInfo { page_count: 0, ..honest },
        "lies-of-sizes" => FileInfo { sizes_pt: vec![(1.0, 1.0); 9], ..honest },
        "lies-of-labels" => FileInfo { labels: vec![None; 9], ..honest },
        "lies-of-numbers" => FileInfo { sizes_pt: vec![(f32::NAN, f32::INFINITY)], ..honest },
        "lies-of-depth" => FileInfo { outline: vec![item(1, u16::MAX)], ..honest },
        "lies-of-contents" => FileInfo { outline: vec![item(9, 0)], ..honest },
        _ => FileInfo { outline: vec![item(1, 0); MAX_OUTLINE + 1], ..honest },
    }
}

/// What no page holds.
fn lying_page(manner: &str) -> RawPage {
    let honest = RawPage { width_pt: 100.0, height_pt: 100.0, ..RawPage::default() };
    let place = Rect::new(0.0, 0.0, 1.0, 1.0);
    match manner {
        "page-of-no-size" => RawPage { width_pt: f32::INFINITY, ..honest },
        "page-of-links" => RawPage { links: vec![RawLink { bbox: place, target: LinkTarget::Page(9) }], ..honest },
        _ => {
            let object = RawObject { kind: RawObjectKind::Shading, bbox: place, form: 0 };
            RawPage { objects: vec![object; MAX_OBJECTS + 1], ..honest }
        }
    }
}

/// Says that the file has 199 million pages' labels, each of them empty: a byte here, and 24 where they are taken in.
fn say_empty_labels() -> std::io::Result<()> {
    const LABELS: u32 = 199 << 20;
    // `Opened`, 8 pages, 8 claimed, no sizes, the number of labels, the labels, nothing in the metadata and the outline, no sandbox.
    let mut head = vec![1, 8, 8, 0];
    let mut rest = LABELS;
    while rest >= 0x80 {
        head.push((rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    head.push(rest as u8);
    let tail = [0, 0, 0, 0, 0, 0, 2];
    let length = head.len() as u32 + LABELS + tail.len() as u32;
    let mut output = stdout();
    output.write_all(&length.to_le_bytes())?;
    output.write_all(&head)?;
    for _ in 0..LABELS >> 20 {
        output.write_all(&vec![0; 1 << 20])?;
    }
    output.write_all(&tail)?;
    output.flush()
}

fn hang() -> ! {
    loop {
        std::thread::sleep(Duration::from_secs(3600));
    }
}
