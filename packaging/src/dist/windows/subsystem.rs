//! Splits the program into two files. A number in its header decides whether Windows gives it a console: with one, a
//! double-click would open a console next to the window; without one, a terminal would neither wait for the program nor
//! show its output. So `recto.com`, which terminals prefer when `recto` is typed, is the program as built, and
//! `recto.exe`, which Explorer starts, is the same with the other number.

use anyhow::{Context, Result, bail};

/// Offset of the field that holds the offset of the PE header.
const SECOND_HEAD: usize = 0x3c;

/// The PE signature is followed by 20 bytes of file header; the number is 68 bytes into the optional header.
const NUMBER: usize = 4 + 20 + 68;

/// Magic of the 64-bit optional header.
const LAYOUT: usize = 4 + 20;
const SIXTY_FOUR_BITS: u16 = 0x20b;

const WINDOW: u16 = 2;
const CONSOLE: u16 = 3;

/// Turns a console program into one without a console.
///
/// # Errors
/// When it is not a Windows program, or not a console program.
pub(super) fn without_console(program: &[u8]) -> Result<Vec<u8>> {
    let mut program = program.to_vec();
    let start = program.get(SECOND_HEAD..SECOND_HEAD + 4).and_then(|bytes| bytes.try_into().ok());
    let start = u32::from_le_bytes(start.context("it is too short")?) as usize;
    if program.get(start..start.saturating_add(4)) != Some(b"PE\0\0") {
        bail!("it is not a Windows program");
    }
    if number_at(&program, start + LAYOUT) != Some(SIXTY_FOUR_BITS) {
        bail!("it is not a 64-bit program");
    }
    if number_at(&program, start + NUMBER) != Some(CONSOLE) {
        bail!("it is not a console program");
    }
    let number = program.get_mut(start + NUMBER..start + NUMBER + 2).context("it is truncated")?;
    number.copy_from_slice(&WINDOW.to_le_bytes());
    Ok(program)
}

fn number_at(bytes: &[u8], at: usize) -> Option<u16> {
    let bytes = bytes.get(at..at.checked_add(2)?)?;
    Some(u16::from_le_bytes(bytes.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(subsystem: u16) -> Vec<u8> {
        let mut bytes = vec![0; 0x200];
        bytes[SECOND_HEAD] = 0x80;
        bytes[0x80..0x84].copy_from_slice(b"PE\0\0");
        bytes[0x80 + LAYOUT..0x80 + LAYOUT + 2].copy_from_slice(&SIXTY_FOUR_BITS.to_le_bytes());
        bytes[0x80 + NUMBER..0x80 + NUMBER + 2].copy_from_slice(&subsystem.to_le_bytes());
        bytes
    }

    #[test]
    fn the_number_alone_changes() {
        let console = program(CONSOLE);
        assert_eq!(without_console(&console).unwrap(), program(WINDOW));
    }

    #[test]
    fn what_is_no_console_program_is_refused() {
        let mut other_layout = program(CONSOLE);
        other_layout[0x80 + LAYOUT] = 0xff;
        for refused in
            [program(WINDOW), other_layout, b"\x7fELF".to_vec(), vec![0; 0x200], program(CONSOLE)[..0x90].to_vec()]
        {
            assert!(without_console(&refused).is_err());
        }
    }
}
