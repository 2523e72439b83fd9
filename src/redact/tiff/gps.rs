//! What the entries of a GPS directory tell (Exif 2.32, table 15).

#![forbid(unsafe_code)]

use crate::redact::Classes;

/// What an entry with this tag tells; of one that nobody knows, anything.
pub(super) fn classes(tag: u16) -> Classes {
    match tag {
        // Latitude, longitude and altitude, here and at the destination.
        0x01..=0x06 | 0x13..=0x16 => Classes::COORDINATES,
        // Speed, track, direction of the picture; bearing and distance of the destination.
        0x0c..=0x11 | 0x17..=0x1a => Classes::MOTION,
        // Version, time, satellites, quality, datum, date, correction, error.
        0x00 | 0x07..=0x0b | 0x12 | 0x1d..=0x1f => Classes::AUXILIARY,
        // Method, which may be a network's name, and area.
        0x1b | 0x1c => Classes::WHERE,
        _ => Classes::FIX.and(Classes::PLACES),
    }
}
