//! A process that speaks as `recto pages` does and misbehaves in the manner that its first argument names.

use std::io::{Write, stdin, stdout};
use std::time::Duration;

use engine::document::pages::picture_wire::{self, PictureReply, PictureRequest, PicturesInfo};
use engine::document::pages::wire::{Fault, FileInfo, Reply, Request, VERSION, read_message, write_message};
use engine::document::raw::RawPage;

fn main() -> std::io::Result<()> {
    let manner = std::env::args().nth(1).unwrap_or_default();
    if std::env::args().any(|argument| argument == "--pictures") {
        return serve_pictures(&manner);
    }
    match manner.as_str() {
        "silent" => hang(),
        "dies-at-once" => return Ok(()),
        "other-version" => say(&Reply::Hello { version: VERSION + 1 })?,
        _ => say(&Reply::Hello { version: VERSION })?,
    }
    while let Some(request) = read_message::<Request>(&mut stdin())? {
        match request {
            Request::Open { .. } => {
                say(&Reply::Opened(FileInfo {
                    page_count: if manner == "mixed" { 6 } else { 8 },
                    ..FileInfo::default()
                }))?;
            }
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

fn hang() -> ! {
    loop {
        std::thread::sleep(Duration::from_secs(3600));
    }
}
