//! How the characters of a packet are stored, and a copy of it in which each takes one byte.
//!
//! Source: XMP specification part 3, "Character encoding": UTF-8, UTF-16 and UTF-32, the latter in both orders.

#![forbid(unsafe_code)]

use std::ops::Range;

use memchr::memchr;

use crate::redact::Fill;

/// Where the characters of a packet lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Encoding {
    /// Bytes of a code unit: 1, 2 or 4.
    pub(super) unit: usize,
    /// Whether the least significant byte comes last.
    big: bool,
    /// Where the first code unit begins.
    phase: usize,
}

impl Encoding {
    /// Tells it by the bytes around the first `<`.
    pub(super) fn of(packet: &[u8]) -> Encoding {
        let narrow = Encoding { unit: 1, big: false, phase: 0 };
        let Some(at) = memchr(b'<', packet) else { return narrow };
        let around = |from: usize, count: usize| packet.get(from..from.saturating_add(count));
        let wide = |unit: usize, big: bool| {
            let start = if big { at.saturating_sub(unit.saturating_sub(1)) } else { at };
            Encoding { unit, big, phase: start.checked_rem(unit).unwrap_or(0) }
        };
        match around(at, 4) {
            Some([b'<', 0, 0, 0]) => wide(4, at.checked_rem(4) == Some(3)),
            Some([b'<', 0, next, _]) if *next != 0 => wide(2, at.checked_rem(2) == Some(1)),
            _ => narrow,
        }
    }

    /// The packet with one byte for each code unit; what is not ASCII becomes 0xff.
    pub(super) fn narrowed(self, packet: &[u8]) -> Vec<u8> {
        let units = packet.get(self.phase..).unwrap_or_default().chunks_exact(self.unit);
        units
            .map(|unit| {
                let low = if self.big { unit.last() } else { unit.first() };
                let others = unit.iter().filter(|byte| **byte != 0).count();
                match low {
                    Some(0) if others == 0 => 0,
                    Some(byte) if byte.is_ascii() && *byte != 0 && others == 1 => *byte,
                    Some(_) | None => 0xff,
                }
            })
            .collect()
    }

    /// The bytes of the packet that the code units `units` take.
    pub(super) fn bytes(self, units: &Range<usize>) -> Range<u64> {
        let position = |at: usize| at.saturating_mul(self.unit).saturating_add(self.phase) as u64;
        position(units.start)..position(units.end)
    }

    /// So many spaces.
    pub(super) fn spaces(self, count: usize) -> Fill {
        if self.unit == 1 {
            return Fill::Spaces(count as u64);
        }
        let mut space = vec![0; self.unit];
        let low = if self.big { space.last_mut() } else { space.first_mut() };
        if let Some(low) = low {
            *low = b' ';
        }
        Fill::Bytes(space.repeat(count).into())
    }
}
