//! Plans as bytes, for the database.
//!
//! ```text
//! kind u8: 0 clean, 1 ranges, 2 opaque
//! opaque: the reason, UTF-8, to the end
//! ranges: for each patch  gap to the end of the former, varint; fill u8: 0 zeros, 1 spaces, 2 bytes;
//!                         length, varint; for bytes, the bytes
//! ```
//! A varint is LEB128: seven bits a byte, the lowest first, the high bit set on all but the last.

#![forbid(unsafe_code)]

use super::{Fill, OpaqueReason, Patch, Patches, Plan};

/// Grows whenever a scanner finds more or a recipe changes: plans of other versions are made again.
pub const SCANNER_VERSION: u32 = 1;

/// Bytes that are no plan.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("these bytes are no encoded plan")]
pub struct NoPlan;

impl Plan {
    /// The plan as bytes.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Plan::Clean => vec![0],
            Plan::Ranges(patches) => encode_patches(patches),
            Plan::Opaque(reason) => {
                let mut bytes = vec![2];
                bytes.extend_from_slice(reason.0.as_bytes());
                bytes
            }
        }
    }

    /// The plan that was encoded.
    ///
    /// # Errors
    /// [`NoPlan`] for anything that [`Plan::encode`] does not make.
    pub fn decode(bytes: &[u8]) -> Result<Plan, NoPlan> {
        match bytes.split_first() {
            Some((0, [])) => Ok(Plan::Clean),
            Some((1, rest)) => decode_patches(rest).map(Plan::Ranges),
            Some((2, rest)) => {
                let reason = std::str::from_utf8(rest).map_err(|_| NoPlan)?;
                Ok(Plan::Opaque(OpaqueReason(reason.to_owned().into())))
            }
            _ => Err(NoPlan),
        }
    }
}

fn encode_patches(patches: &Patches) -> Vec<u8> {
    let mut bytes = vec![1];
    let mut end = 0u64;
    for patch in patches.iter() {
        put(&mut bytes, patch.offset.wrapping_sub(end));
        let (code, content): (u8, &[u8]) = match &patch.fill {
            Fill::Zeros(_) => (0, &[]),
            Fill::Spaces(_) => (1, &[]),
            Fill::Bytes(content) => (2, content),
        };
        bytes.push(code);
        put(&mut bytes, patch.fill.length());
        bytes.extend_from_slice(content);
        end = patch.offset.saturating_add(patch.fill.length());
    }
    bytes
}

fn decode_patches(mut rest: &[u8]) -> Result<Patches, NoPlan> {
    let mut patches = Vec::new();
    let mut end = 0u64;
    while !rest.is_empty() {
        let offset = take(&mut rest)?.checked_add(end).ok_or(NoPlan)?;
        let (code, after) = rest.split_first().ok_or(NoPlan)?;
        rest = after;
        let length = take(&mut rest)?;
        let fill = match code {
            0 => Fill::Zeros(length),
            1 => Fill::Spaces(length),
            2 => {
                let count = usize::try_from(length).map_err(|_| NoPlan)?;
                let (content, after) = rest.split_at_checked(count).ok_or(NoPlan)?;
                rest = after;
                Fill::Bytes(content.into())
            }
            _ => return Err(NoPlan),
        };
        end = offset.checked_add(length).filter(|_| length > 0).ok_or(NoPlan)?;
        patches.push(Patch { offset, fill });
    }
    if patches.is_empty() { Err(NoPlan) } else { Ok(Patches::new(patches)) }
}

fn put(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    bytes.push((value & 0x7f) as u8);
}

fn take(rest: &mut &[u8]) -> Result<u64, NoPlan> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let (byte, after) = rest.split_first().ok_or(NoPlan)?;
        *rest = after;
        let bits = u64::from(byte & 0x7f);
        value |= bits.checked_shl(shift).filter(|shifted| shifted >> shift == bits).ok_or(NoPlan)?;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(NoPlan)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_fill() -> impl Strategy<Value = Fill> {
        prop_oneof![
            (1u64..1 << 40).prop_map(Fill::Zeros),
            (1u64..1 << 20).prop_map(Fill::Spaces),
            prop::collection::vec(any::<u8>(), 1..50).prop_map(|bytes| Fill::Bytes(bytes.into())),
        ]
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(gaps in prop::collection::vec((0u64..1 << 40, any_fill()), 1..20)) {
            let mut end = 0;
            let patches = gaps.into_iter().map(|(gap, fill)| {
                let offset = end + gap + 1;
                end = offset + fill.length();
                Patch { offset, fill }
            });
            let plan = Plan::Ranges(Patches::new(patches.collect()));
            prop_assert_eq!(Plan::decode(&plan.encode()), Ok(plan));
        }

        #[test]
        fn garbage_is_an_error_or_a_plan_that_encodes(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            if let Ok(plan) = Plan::decode(&bytes) {
                prop_assert_eq!(Plan::decode(&plan.encode()), Ok(plan));
            }
        }
    }

    #[test]
    fn the_simple_plans_survive() {
        for plan in [Plan::Clean, Plan::Opaque(OpaqueReason("it is a secret".into()))] {
            assert_eq!(Plan::decode(&plan.encode()), Ok(plan));
        }
        assert_eq!(Plan::decode(&[]), Err(NoPlan));
        assert_eq!(Plan::decode(&[1]), Err(NoPlan));
    }
}
