//! A number stands for one file as long as the kernel may remember it.

#![forbid(unsafe_code)]

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

const DEVICE: u64 = 7;
const LOW: u64 = (1 << 48) - 1;

fn identity(ino: u64, born: i64) -> Identity {
    Identity { file: FileId { dev: DEVICE, ino }, born }
}

#[test]
fn the_lower_number_is_used_where_it_fits() {
    let mut numbers = NodeNumbers::new(DEVICE, []);
    for ino in [2, 12, 1 << 32, LOW] {
        assert_eq!(numbers.assign(identity(ino, 0), |_| false), (NodeId::new(ino), None));
    }
}

#[test]
fn other_numbers_are_counted() {
    let mut numbers = NodeNumbers::new(DEVICE, []);
    let foreign = Identity { file: FileId { dev: DEVICE + 1, ino: 12 }, born: 0 };
    let mut seen = HashSet::new();
    for strange in [foreign, identity(LOW + 1, 0), identity(u64::MAX, 0), identity(1, 0), identity(0, 0)] {
        let (number, reuse) = numbers.assign(strange, |number| seen.contains(&number));
        assert_eq!(number.raw() & (REDACTED | COUNTED), COUNTED, "{strange:?}");
        assert_eq!(reuse, None);
        assert!(seen.insert(number));
    }
}

#[test]
fn a_number_that_is_remembered_is_not_given_to_another_file() {
    let mut numbers = NodeNumbers::new(DEVICE, []);
    let (former, _) = numbers.assign(identity(12, 1), |_| false);
    let (number, reuse) = numbers.assign(identity(12, 2), |taken| taken == former);
    assert_ne!(number, former);
    assert_eq!(number.raw() & LOW, 12);
    assert_eq!(reuse, Some(Reuse { identity: identity(12, 2), counter: 1 }));
    // The kernel forgot both: the file keeps its number, and it is not news.
    assert_eq!(numbers.assign(identity(12, 2), |_| false), (number, None));
    // In the next run, too.
    let mut next = NodeNumbers::new(DEVICE, reuse);
    assert_eq!(next.assign(identity(12, 2), |_| false), (number, None));
    assert_eq!(next.assign(identity(12, 3), |_| false), (former, None));
}

#[test]
fn past_the_last_reuse_numbers_are_counted() {
    let mut numbers = NodeNumbers::new(DEVICE, []);
    let (number, reuse) = numbers.assign(identity(12, 1), |number| number.raw() & COUNTED == 0);
    assert_eq!(number.raw() & COUNTED, COUNTED);
    assert_eq!(reuse, None);
}

#[test]
fn counting_skips_what_is_taken() {
    let mut numbers = NodeNumbers::new(DEVICE, []);
    let strange = identity(LOW + 1, 0);
    let (first, _) = numbers.assign(strange, |_| false);
    let (second, _) = numbers.assign(strange, |number| number.raw() == first.raw() + 1);
    assert_eq!(second.raw(), first.raw() + 2);
}

proptest! {
    #[test]
    fn numbers_of_files_that_are_remembered_differ(
        files in prop::collection::vec((0u64..4, 0i64..5, 0u64..2, any::<bool>()), 1..60)
    ) {
        let mut numbers = NodeNumbers::new(DEVICE, []);
        let mut remembered: Vec<(Identity, NodeId)> = Vec::new();
        for (ino, born, dev, forget) in files {
            let file = Identity { file: FileId { dev: DEVICE + dev, ino }, born };
            if forget {
                remembered.retain(|(known, _)| *known != file);
            } else if remembered.iter().all(|(known, _)| *known != file) {
                let taken = |number| remembered.iter().any(|(_, given)| *given == number);
                let (number, reuse) = numbers.assign(file, taken);
                prop_assert!(!taken(number));
                prop_assert_ne!(number, NodeId::ROOT);
                prop_assert_eq!(number.raw() & REDACTED, 0);
                prop_assert!(reuse.is_none_or(|reuse| reuse.counter != 0 && reuse.identity == file));
                remembered.push((file, number));
            }
        }
    }
}
