#![forbid(unsafe_code)]

use super::base64::{decoded, encoded};

#[test]
fn digits_are_read_and_written_in_place() {
    for (text, bytes) in [("Zm9vYmFy", "foobar"), ("Zm9vYmE=", "fooba"), ("Zm9vYg==", "foob"), ("", "")] {
        assert_eq!(decoded(text.as_bytes()).unwrap(), bytes.as_bytes());
        assert_eq!(encoded(bytes.as_bytes(), text.as_bytes()), text.as_bytes());
    }
    assert_eq!(encoded(b"xoobar", b"Zm9vYmFy"), b"eG9vYmFy");
    assert_eq!(decoded(b"Zm 9"), None);
}
