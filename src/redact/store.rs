//! Plans as bytes, for keeping them in a database.
//!
//! Version 2: the version, a kind (0 clean, 1 replacements, 2 opaque); for replacements each one's distance from the
//! end of the one before, its fill with its classes, and its length, as numbers of seven bits to the byte with the least significant
//! first; for opaque the reason as UTF-8.

#![forbid(unsafe_code)]

use super::plan::OpaqueReason;
use super::{Classes, Fill, Patch, Patches, Plan};

const VERSION: u8 = 2;
/// How many bits of a byte the kind of a fill takes; the classes stand in those above.
const FILL_BITS: u32 = 2;

/// Bytes that are no plan, or one of another version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a stored redaction plan of version {VERSION}")]
pub struct NotAPlan;

impl Plan {
    /// The plan as bytes that [`Plan::decode`] reads.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Plan::Clean => vec![VERSION, 0],
            Plan::Ranges(patches) => {
                let mut bytes = vec![VERSION, 1];
                let mut last = 0;
                for patch in patches.iter() {
                    put(&mut bytes, patch.offset.saturating_sub(last));
                    let (kind, content): (u8, &[u8]) = match &patch.fill {
                        Fill::Zeros(_) => (0, &[]),
                        Fill::Spaces(_) => (1, &[]),
                        Fill::Bytes(content) => (2, content),
                    };
                    bytes.push(kind | patch.classes.bits() << FILL_BITS);
                    put(&mut bytes, patch.fill.length());
                    bytes.extend_from_slice(content);
                    last = patch.end();
                }
                bytes
            }
            Plan::Opaque(reason) => [&[VERSION, 2], reason.0.as_bytes()].concat(),
        }
    }

    /// The plan that [`Plan::encode`] wrote.
    ///
    /// # Errors
    /// Bytes that it did not write.
    pub fn decode(bytes: &[u8]) -> Result<Plan, NotAPlan> {
        match bytes {
            [VERSION, 0] => Ok(Plan::Clean),
            [VERSION, 1, rest @ ..] => patches(rest).ok_or(NotAPlan).map(Plan::Ranges),
            [VERSION, 2, reason @ ..] => {
                let reason = std::str::from_utf8(reason).map_err(|_| NotAPlan)?;
                Ok(Plan::Opaque(OpaqueReason(reason.to_owned().into())))
            }
            _ => Err(NotAPlan),
        }
    }
}

fn patches(mut rest: &[u8]) -> Option<Patches> {
    let mut found = Vec::new();
    let mut last = 0u64;
    while !rest.is_empty() {
        let offset = last.checked_add(take(&mut rest)?)?;
        let (kind, after) = rest.split_first()?;
        rest = after;
        let length = take(&mut rest)?;
        let classes = Classes::of_bits(kind >> FILL_BITS)?;
        let fill = match kind & 3 {
            0 => Fill::Zeros(length),
            1 => Fill::Spaces(length),
            2 => {
                let (content, after) = rest.split_at_checked(usize::try_from(length).ok()?)?;
                rest = after;
                Fill::Bytes(content.into())
            }
            _ => return None,
        };
        last = offset.checked_add(length)?;
        if length == 0 || i64::try_from(last).is_err() {
            return None;
        }
        found.push(Patch { offset, fill, classes });
    }
    Some(Patches::new(found)).filter(|patches| !patches.is_empty())
}

fn put(bytes: &mut Vec<u8>, mut number: u64) {
    loop {
        let [low, ..] = number.to_le_bytes();
        number >>= 7;
        if number == 0 {
            bytes.push(low & 0x7f);
            return;
        }
        bytes.push(low | 0x80);
    }
}

fn take(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0u64;
    for shift in (0..63).step_by(7) {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_kind_returns() {
        let found = vec![
            Patch { offset: 3, fill: Fill::Zeros(300), classes: Classes::ALL },
            Patch { offset: 303, fill: Fill::Bytes(b"II*\0"[..].into()), classes: Classes::PLACES },
            Patch { offset: 1 << 40, fill: Fill::Spaces(1), classes: Classes::GEOTIFF },
        ];
        let opaque = Plan::Opaque(OpaqueReason("malformed box".into()));
        for plan in [Plan::Clean, Plan::Ranges(Patches::new(found)), opaque] {
            let bytes = plan.encode();
            assert_eq!(Plan::decode(&bytes), Ok(plan));
        }
    }

    proptest! {
        #[test]
        fn garbage_is_an_error_or_a_plan(mut bytes in prop::collection::vec(any::<u8>(), 0..60), kind in 0u8..4) {
            let _ = Plan::decode(&bytes);
            bytes.splice(0..0, [VERSION, kind]);
            if let Ok(plan) = Plan::decode(&bytes) {
                prop_assert_eq!(Plan::decode(&plan.encode()), Ok(plan));
            }
        }
    }
}
