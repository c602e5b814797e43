//! What may follow an image: the rest of its flash slot, erased, with the trailer that
//! `imgtool sign --pad` writes.

use super::error::ImageError;

/// The last 16 bytes of a slot that is marked for boot, where flash is written 8 bytes at a time.
const BOOT_MAGIC: [u8; 16] = [
    0x77, 0xc2, 0x95, 0xf3, 0x60, 0xd2, 0xef, 0x7f, 0x35, 0x52, 0x50, 0x0f, 0x2c, 0xb6, 0x79, 0x80,
];

/// The same for wider writes: behind two bytes that say how wide.
const BOOT_MAGIC_WIDE: [u8; 14] = [
    0x2d, 0xe1, 0x5d, 0x29, 0x41, 0x0b, 0x8d, 0x77, 0x67, 0x9c, 0x11, 0x0f, 0x1f, 0x8a,
];

/// Checks the bytes behind an image; `offset` is where they begin in the file.
///
/// 1. They are erased flash: all 0xff, or all 0x00 where a flash erases to that.
/// 2. The last 16 may be the boot magic.
/// 3. Before the magic, in its place, one byte may be `image_ok`, set to 1.
pub(super) fn check(rest: &[u8], offset: usize) -> Result<(), ImageError> {
    let Some(&erased) = rest.first() else {
        return Ok(());
    };
    let trailing = |at: usize| ImageError::Trailing(offset.saturating_add(at));
    if erased != 0xff && erased != 0x00 {
        return Err(trailing(0));
    }
    let width = rest.last_chunk::<16>().and_then(width_of);
    let (end, image_ok) = match width {
        Some(width) => {
            let from_end = 16_usize.next_multiple_of(width).saturating_add(width);
            (
                rest.len().saturating_sub(16),
                rest.len().checked_sub(from_end),
            )
        }
        None => (rest.len(), None),
    };
    let odd = rest.iter().take(end).enumerate().find(|(at, byte)| {
        let confirmed = image_ok == Some(*at) && **byte == 1;
        **byte != erased && !confirmed
    });
    odd.map_or(Ok(()), |(at, _)| Err(trailing(at)))
}

/// How wide flash is written, where these are a boot magic.
fn width_of(magic: &[u8; 16]) -> Option<usize> {
    if *magic == BOOT_MAGIC {
        return Some(8);
    }
    let [low, high, rest @ ..] = magic;
    let width = usize::from(u16::from_le_bytes([*low, *high]));
    (*rest == BOOT_MAGIC_WIDE && width.is_power_of_two() && width > 8).then_some(width)
}
