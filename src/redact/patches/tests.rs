#![forbid(unsafe_code)]

use proptest::prelude::*;

use super::*;
use crate::redact::Classes;

fn fill() -> impl Strategy<Value = Fill> {
    prop_oneof![
        (0u64..40).prop_map(Fill::Zeros),
        (0u64..40).prop_map(Fill::Spaces),
        prop::collection::vec(1u8..32, 0..40).prop_map(|bytes| Fill::Bytes(bytes.into())),
    ]
}

fn found() -> impl Strategy<Value = Vec<Patch>> {
    prop::collection::vec(
        (0u64..300, fill()).prop_map(|(offset, fill)| Patch { offset, fill, classes: Classes::ALL }),
        0..24,
    )
}

/// The naive reading: one replacement after the other over the whole file.
fn whole(found: &[Patch]) -> Vec<u8> {
    let mut file = vec![0xaa; 400];
    for patch in found {
        Patches(vec![patch.clone()]).apply(0, &mut file);
    }
    file
}

proptest! {
    #[test]
    fn any_read_is_a_slice_of_the_whole(found in found(), offset in 0usize..400, length in 0usize..400) {
        let expected = whole(&found);
        let patches = Patches::new(found);
        let end = (offset + length).min(400);
        let mut buffer = vec![0xaa; end - offset];
        patches.apply(offset as u64, &mut buffer);
        prop_assert_eq!(&buffer[..], &expected[offset..end]);
    }

    #[test]
    fn they_are_in_order_and_apart(found in found()) {
        let patches = Patches::new(found);
        for pair in patches.0.windows(2) {
            prop_assert!(pair[0].end() <= pair[1].offset);
        }
        prop_assert!(patches.iter().all(|patch| patch.fill.length() > 0));
    }
}
