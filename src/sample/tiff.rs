//! TIFF blocks, written little-endian: the picture and Exif of the samples.

#![forbid(unsafe_code)]

use super::{LATITUDE, LONGITUDE, MAKE};

const ASCII: u16 = 2;
const SHORT: u16 = 3;
const LONG: u16 = 4;
const RATIONAL: u16 = 5;

const STRIP_OFFSETS: u16 = 0x0111;
const GPS_IFD: u16 = 0x8825;

/// One entry: tag, kind, count, value.
pub(super) type Entry = (u16, u16, u32, Vec<u8>);

/// What a camera writes that is no location.
pub(super) fn camera() -> Vec<Entry> {
    vec![ascii(0x010f, MAKE), short(0x0112, 1)]
}

/// A picture of eight bits of grey, uncompressed, in one strip.
pub(super) fn picture(side: u16, pixels: &[u8]) -> Vec<Entry> {
    let count = u32::try_from(pixels.len()).unwrap_or_default();
    vec![
        short(0x0100, side),
        short(0x0101, side),
        short(0x0102, 8),
        short(0x0103, 1),
        short(0x0106, 1),
        (STRIP_OFFSETS, LONG, 1, pixels.to_vec()),
        short(0x0115, 1),
        short(0x0116, side),
        (0x0117, LONG, 1, count.to_le_bytes().to_vec()),
    ]
}

/// A block with these entries, and a GPS directory where there is a location.
pub(super) fn block(entries: &[Entry], located: bool) -> Vec<u8> {
    let mut entries = entries.to_vec();
    if located {
        entries.push((GPS_IFD, LONG, 1, Vec::new()));
    }
    entries.sort_by_key(|entry| entry.0);
    let mut bytes = b"II*\0\x08\0\0\0".to_vec();
    let gps_at = bytes.len().saturating_add(directory(&entries, 8, 0).len());
    let gps_at = u32::try_from(gps_at).unwrap_or_default();
    bytes.extend(directory(&entries, 8, gps_at));
    if located {
        bytes.extend(directory(&gps(), gps_at, 0));
    }
    bytes
}

fn gps() -> Vec<Entry> {
    vec![
        (0, 1, 4, vec![2, 3, 0, 0]),
        ascii(1, "N"),
        (2, RATIONAL, 3, degrees(LATITUDE)),
        ascii(3, "E"),
        (4, RATIONAL, 3, degrees(LONGITUDE)),
    ]
}

/// A directory that starts at `at`, with the values after it that do not fit in its entries.
fn directory(entries: &[Entry], at: u32, gps_at: u32) -> Vec<u8> {
    let count = u16::try_from(entries.len()).unwrap_or_default();
    let mut bytes = count.to_le_bytes().to_vec();
    let mut place = at.saturating_add(6).saturating_add(u32::from(count).saturating_mul(12));
    let mut values = Vec::new();
    for (tag, kind, number, value) in entries {
        bytes.extend([&tag.to_le_bytes()[..], &kind.to_le_bytes(), &number.to_le_bytes()].concat());
        if *tag == GPS_IFD {
            bytes.extend(gps_at.to_le_bytes());
        } else if value.len() <= 4 {
            bytes.extend(value.iter().copied().chain([0; 4]).take(4));
        } else {
            bytes.extend(place.to_le_bytes());
            let even = value.len().next_multiple_of(2);
            values.extend(value.iter().copied().chain([0]).take(even));
            place = place.saturating_add(u32::try_from(even).unwrap_or_default());
        }
    }
    [bytes, vec![0; 4], values].concat()
}

fn ascii(tag: u16, text: &str) -> Entry {
    let value = [text.as_bytes(), b"\0"].concat();
    (tag, ASCII, u32::try_from(value.len()).unwrap_or_default(), value)
}

fn short(tag: u16, value: u16) -> Entry {
    (tag, SHORT, 1, value.to_le_bytes().to_vec())
}

/// Degrees, minutes and ten-thousandths of seconds as fractions.
fn degrees(angle: f64) -> Vec<u8> {
    let whole = angle.trunc();
    let minutes = ((angle - whole) * 60.0).trunc();
    let seconds = ((angle - whole) * 3600.0 - minutes * 60.0) * 10_000.0;
    [(whole, 1u32), (minutes, 1), (seconds.round(), 10_000)]
        .into_iter()
        .flat_map(|(number, unit)| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "below 600,000 and positive"
            )]
            let number = number as u32;
            [number.to_le_bytes(), unit.to_le_bytes()].concat()
        })
        .collect()
}
