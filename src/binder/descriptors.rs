//! Bare file descriptors in a parcel from the kernel's driver, as `cmd` sends them.
//!
//! AIDL has no bare descriptors, so the library offers no way to read one. In the bytes of a transaction a descriptor is
//! six words (`flat_binder_object` of linux/android/binder.h), but bytes prove nothing: a sender may write them itself,
//! and the number in them is then one of *this* process's descriptors, such as the database's or a lower file's. The
//! driver keeps a table of the objects that it put in. The library shows it through `Debug` only, so that is read, and
//! anything unexpected in it is a refusal.
//!
//! INVARIANT: a descriptor is duplicated only where the driver's table of the very parcel names the place that it is
//! read from, and its type there is that of a descriptor: then the driver made it for this transaction.

#![forbid(unsafe_code)]

use std::fmt::{self, Write};
use std::os::fd::{OwnedFd, RawFd};

use rsbinder::{Parcel, Result, StatusCode};

use crate::platform;

/// `BINDER_TYPE_FD`.
const DESCRIPTOR: u32 = 0x6664_2a85;

/// Bytes of an object.
pub(super) const SIZE: usize = 24;

/// The most objects that a table may name; `cmd` sends five.
const MOST: usize = 16;

/// How much of the text is kept: more than a table of that many objects takes.
const TEXT: usize = 4096;

/// Duplicates of the `N` descriptors that stand one after the other at the start of the parcel; the parcel is left at
/// what follows.
///
/// # Errors
/// [`StatusCode::BadType`] where one of them is not the driver's.
pub(super) fn leading<const N: usize>(parcel: &mut Parcel) -> Result<[OwnedFd; N]> {
    let placed = objects(parcel)?;
    let mut found = Vec::with_capacity(N);
    for place in (0..N).map(|number| number * SIZE) {
        let number = number_at(parcel, &placed, place)?;
        found.push(platform::duplicate(number).map_err(|_| StatusCode::BadType)?);
    }
    parcel.set_data_position(N * SIZE);
    found.try_into().map_err(|_| StatusCode::BadType)
}

/// The number of the descriptor at `place`, if the driver put one there.
fn number_at(parcel: &mut Parcel, placed: &[usize], place: usize) -> Result<RawFd> {
    if !placed.contains(&place) {
        return Err(StatusCode::BadType);
    }
    parcel.set_data_position(place);
    let kind = parcel.read_u32()?;
    let _flags = parcel.read_u32()?;
    let number = parcel.read_i32()?;
    if kind != DESCRIPTOR || number < 0 {
        return Err(StatusCode::BadType);
    }
    Ok(number)
}

/// Where in the parcel the driver put objects.
fn objects(parcel: &Parcel) -> Result<Vec<usize>> {
    if !parcel.is_kernel_backed() {
        return Err(StatusCode::BadType);
    }
    let mut beginning = Beginning(String::new());
    // It ends with an error when there is more text than is kept, which is no matter here.
    let _ended = write!(beginning, "{parcel:?}");
    table(&beginning.0).ok_or(StatusCode::BadType)
}

/// The table in what `Debug` prints: a line about the parcel, the number of objects, the size of their table, and the
/// table as a hex dump of 64-bit numbers in the machine's order.
fn table(text: &str) -> Option<Vec<usize>> {
    let mut lines = text.lines();
    lines.next().filter(|line| line.starts_with("Parcel: pos "))?;
    let count: usize = lines.next()?.strip_prefix("Object count ")?.parse().ok()?;
    if count > MOST {
        return None;
    }
    let size = count * size_of::<u64>();
    lines.next().filter(|line| *line == format!("Length: {size} (0x{size:x}) bytes"))?;
    let mut bytes = Vec::with_capacity(size);
    while bytes.len() < size {
        let (address, dump) = lines.next()?.split_once(":   ")?;
        if usize::from_str_radix(address, 16) != Ok(bytes.len()) {
            return None;
        }
        let row = dump.split_whitespace().take((size - bytes.len()).min(16));
        for byte in row {
            bytes.push(u8::from_str_radix(byte, 16).ok().filter(|_| byte.len() == 2)?);
        }
    }
    let number = |bytes: &[u8]| usize::try_from(u64::from_ne_bytes(bytes.try_into().ok()?)).ok();
    bytes.chunks(size_of::<u64>()).map(number).collect()
}

/// The first part of a text; writing more is an error, so that nobody prints it.
struct Beginning(String);

impl Write for Beginning {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        self.0.push_str(more);
        if self.0.len() > TEXT { Err(fmt::Error) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Read as _;

    use rsbinder::ParcelFileDescriptor;

    use super::*;

    /// A parcel with descriptors of files with these contents, and their places. The library writes two words in front
    /// of each.
    fn with_descriptors(contents: &[&str]) -> (Parcel, Vec<usize>) {
        let mut parcel = Parcel::new();
        let mut places = Vec::new();
        for content in contents {
            let mut file = tempfile::tempfile().unwrap();
            std::io::Write::write_all(&mut file, content.as_bytes()).unwrap();
            std::io::Seek::rewind(&mut file).unwrap();
            parcel.write(&ParcelFileDescriptor::from(file)).unwrap();
            places.push(parcel.data_position() - SIZE);
        }
        (parcel, places)
    }

    #[test]
    fn the_table_names_the_places_of_descriptors() {
        for count in 0..=MOST {
            let (parcel, places) = with_descriptors(&vec!["x"; count]);
            let found = objects(&parcel).ok();
            assert_eq!(found, (count > 0).then_some(places), "{count}");
        }
        let (parcel, _) = with_descriptors(&["x"; MOST + 1]);
        assert_eq!(objects(&parcel), Err(StatusCode::BadType));
    }

    #[test]
    fn a_descriptor_of_the_driver_is_found() {
        let (mut parcel, places) = with_descriptors(&["one", "two"]);
        let placed = objects(&parcel).unwrap();
        let number = number_at(&mut parcel, &placed, places[1]).unwrap();
        let mut text = String::new();
        File::from(platform::duplicate(number).unwrap()).read_to_string(&mut text).unwrap();
        assert_eq!(text, "two");
    }

    #[test]
    fn a_forged_file_descriptor_object_is_refused() {
        let secret = tempfile::tempfile().unwrap();
        let forge = |parcel: &mut Parcel| {
            use std::os::fd::AsRawFd as _;
            parcel.write_u32(DESCRIPTOR).unwrap();
            parcel.write_u32(0x17f).unwrap();
            parcel.write_i32(secret.as_raw_fd()).unwrap();
            parcel.write_u32(0).unwrap();
            parcel.write_u64(0).unwrap();
        };
        let mut alone = Parcel::new();
        (0..3).for_each(|_| forge(&mut alone));
        assert_eq!(leading::<3>(&mut alone).err(), Some(StatusCode::BadType));

        let (mut beside, places) = with_descriptors(&["real"]);
        let forged = beside.data_position();
        forge(&mut beside);
        let placed = objects(&beside).unwrap();
        assert!(number_at(&mut beside, &placed, places[0]).is_ok());
        assert_eq!(number_at(&mut beside, &placed, forged), Err(StatusCode::BadType));
        // Between the real object's words there is none, either.
        assert_eq!(number_at(&mut beside, &placed, places[0] + 4), Err(StatusCode::BadType));
    }

    #[test]
    fn a_text_that_is_not_as_expected_names_nothing() {
        let good = "Parcel: pos 0, len 24\nObject count 1\nLength: 8 (0x8) bytes\n\
                    0000:   10 00 00 00  00 00 00 00                             ........\nLength: 24";
        assert_eq!(table(good), Some(vec![16]));
        for (from, to) in [
            ("Parcel: pos", "Packet: pos"),
            ("Object count 1", "Object count 2"),
            ("Object count 1", "Object count -1"),
            ("Object count 1\n", ""),
            ("Length: 8 (0x8)", "Length: 16 (0x10)"),
            ("0000:   ", "0010:   "),
            ("0000:   ", "0000: "),
            ("10 00 00 00", "1g 00 00 00"),
            ("10 00 00 00  00 00 00 00", "1000 0000  0000 0000"),
            ("00 00 00 00                             ........\n", "\n"),
        ] {
            assert_eq!(table(&good.replacen(from, to, 1)), None, "{from} -> {to}");
        }
    }
}
