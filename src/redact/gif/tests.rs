#![forbid(unsafe_code)]

use super::*;
use crate::redact::{Budget, Patches};

/// A picture of one pixel whose data hold what looks like a comment, with these blocks before it.
fn gif(blocks: &[u8]) -> Vec<u8> {
    let header = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff";
    [&header[..], blocks, b",\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0;"].concat()
}

fn scanned(file: &[u8]) -> Result<Vec<u8>, ScanError> {
    let source: &[u8] = file;
    let mut scan = Scan::new(&source, Budget::STANDARD);
    let whole = scan.whole();
    self::scan(&mut scan, whole)?;
    let mut bytes = file.to_vec();
    Patches::new(scan.finish()).apply(0, &mut bytes);
    Ok(bytes)
}

#[test]
fn coordinates_in_a_comment_become_spaces() {
    let told = gif(b"!\xfe\x16lat=48.8584 lon=2.2945\x03abc\0");
    assert_eq!(scanned(&told).unwrap(), gif(b"!\xfe\x16                      \x03abc\0"));
    let other = gif(b"!\xfe\x05hello\0");
    assert_eq!(scanned(&other).unwrap(), other);
}

#[test]
fn what_looks_like_a_comment_in_a_picture_is_not_changed() {
    let picture = gif(b",\0\0\0\0\x01\0\x01\0\0\x02\x19!\xfe\x16lat=48.8584 lon=2.2945\0");
    assert!(matches!(scanned(&picture), Err(ScanError::Malformed(_))));
}
