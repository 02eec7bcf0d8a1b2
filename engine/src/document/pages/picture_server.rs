//! The server for image files: `recto pages --pictures`.
//!
//! Image formats are parsed by Rust code, which cannot be taken over as easily as PDFium, but a small file may still ask for
//! gigabytes or minutes. So the same limits and the same sandbox hold it.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};
use std::path::Path;

use crossbeam_channel::Receiver;
use memmap2::Mmap;

use super::super::picture::{MAX_FILE_BYTES, Pictures};
use super::picture_wire::{MAX_PIECE_BYTES, PictureFault, PictureReply, PictureRequest, VERSION};
use super::sandbox::{close_inherited, enter, limit_this_process};
use super::server::{ServeError, listen};
use super::wire::{Pixels, read_message, write_message};

/// Answers requests about one image file from standard input on standard output until the input closes, then ends the
/// process. `memory_bytes` limits its address space; 0: no limit.
///
/// # Errors
/// Fails if standard output is closed.
pub fn serve_pictures(memory_bytes: u64) -> Result<(), ServeError> {
    close_inherited();
    limit_this_process(memory_bytes);
    // Scaling would start a thread for each processor, in each of these processes.
    if let Err(error) = rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build_global() {
        tracing::warn!(%error, "pictures are scaled in several threads");
    }
    let mut input = BufReader::new(io::stdin());
    let mut replies = BufWriter::with_capacity(1 << 16, io::stdout());
    write_message(&mut replies, &PictureReply::Hello { version: VERSION })?;
    let Some(request) = read_message::<PictureRequest>(&mut input)? else { return Ok(()) };
    let mapped = match request {
        PictureRequest::Open { path } => map(Path::new(&path)),
        _ => Err(PictureFault::OutOfBounds),
    };
    let bytes = match mapped {
        Ok(bytes) => bytes,
        Err(fault) => return Ok(write_message(&mut replies, &PictureReply::Refused(fault))?),
    };
    let sandbox = enter();
    let requests = listen::<PictureRequest>(input)?;
    sandbox.finish();
    match Pictures::open(bytes) {
        Ok((mut pictures, info)) => {
            write_message(&mut replies, &PictureReply::Opened(info))?;
            answer_all(&mut pictures, &requests, &mut replies)
        }
        Err(fault) => Ok(write_message(&mut replies, &PictureReply::Refused(fault))?),
    }
}

fn answer_all(
    pictures: &mut Pictures<Mmap>,
    requests: &Receiver<PictureRequest>,
    replies: &mut impl Write,
) -> Result<(), ServeError> {
    for request in requests {
        let reply = match request {
            PictureRequest::Open { .. } => Err(PictureFault::OutOfBounds),
            PictureRequest::Check { index } => pictures.check(index as usize).map(|()| PictureReply::Checked),
            PictureRequest::Render { index, rect, width_px, height_px } => {
                match pictures.render(index as usize, &rect, (width_px, height_px)) {
                    Ok(picture) => {
                        for piece in picture.as_raw().chunks(MAX_PIECE_BYTES) {
                            write_message(replies, &PictureReply::Piece(Pixels(piece.to_vec())))?;
                        }
                        continue;
                    }
                    Err(fault) => Err(fault),
                }
            }
        };
        write_message(replies, &reply.unwrap_or_else(PictureReply::Refused))?;
    }
    Ok(())
}

#[expect(unsafe_code, reason = "a file is mapped into memory rather than read")]
fn map(path: &Path) -> Result<Mmap, PictureFault> {
    let io = |error: io::Error| PictureFault::Io(error.to_string());
    let file = File::open(path).map_err(io)?;
    let length = file.metadata().map_err(io)?.len();
    if length > MAX_FILE_BYTES {
        return Err(PictureFault::TooLarge(format!("{} MiB of at most {}", length >> 20, MAX_FILE_BYTES >> 20)));
    }
    // SAFETY: a file that is changed or cut while it is mapped can make the decoder read nonsense or end this process; both
    // are what this process is there for.
    unsafe { Mmap::map(&file) }.map_err(io)
}
