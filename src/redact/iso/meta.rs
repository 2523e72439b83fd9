//! The `meta` box in its two shapes and what stands in it: QuickTime's `keys` and `ilst` (QuickTime File Format,
//! "Metadata"), iTunes' `ilst`, and the items of HEIF, which [`super::item`] follows later.

#![forbid(unsafe_code)]

use std::ops::Range;

use crate::redact::bytes::{Endian, after, array};
use crate::redact::{Classes, ScanError};

use super::boxes::{BoxAt, Next, next, plausible};
use super::item::Items;
use super::{Iso, sniff, walk};

/// Longest `keys` box that is read.
const KEYS: u64 = 1 << 20;

/// A `meta` box: plain in QuickTime, with version and flags in ISO files.
pub(super) fn walk(iso: &mut Iso<'_, '_>, found: &BoxAt, depth: u32) -> Result<(), ScanError> {
    let Some(depth) = depth.checked_sub(1) else { return sniff::search(iso, found.content()) };
    let mut rest = inside(iso, found)?;
    let mut keys = Vec::new();
    let mut lists = Vec::new();
    let mut items = Items::default();
    loop {
        match next(iso, rest.clone())? {
            Next::End => break,
            Next::Junk(junk) => {
                sniff::search(iso, junk)?;
                break;
            }
            Next::Box(inner) => {
                match &inner.kind {
                    b"keys" => keys.extend(read_keys(iso, &inner)?),
                    b"ilst" => lists.push(inner),
                    b"iinf" => items.information.push(inner),
                    b"iloc" => items.locations.push(inner),
                    b"idat" => {
                        items.data.get_or_insert(inner.content());
                        iso.data.push(inner.content());
                    }
                    _ => walk::visit(iso, &inner, depth)?,
                }
                rest.start = inner.end;
            }
        }
    }
    for list in lists {
        item_list(iso, &list, &keys, depth)?;
    }
    if !iso.dead && !items.information.is_empty() {
        iso.items.push(items);
    }
    Ok(())
}

/// Where the boxes in a `meta` box begin.
fn inside(iso: &mut Iso<'_, '_>, found: &BoxAt) -> Result<Range<u64>, ScanError> {
    let content = found.content();
    if content.end.saturating_sub(content.start) < 8 {
        return Ok(content);
    }
    let bytes = iso.peek(content.start..content.start.saturating_add(8), &content)?;
    let size = Endian::Big.u32(bytes, 0).unwrap_or_default();
    let plain = size >= 8 && plausible(array(bytes, 4).unwrap_or_default());
    Ok(if plain { content } else { found.full() })
}

/// The names of QuickTime metadata in the order of their index, which begins at 1.
fn read_keys(iso: &mut Iso<'_, '_>, found: &BoxAt) -> Result<Vec<Vec<u8>>, ScanError> {
    let content = found.content();
    if content.end.saturating_sub(content.start) > KEYS {
        return Err(ScanError::Budget("bytes of metadata keys"));
    }
    let bytes = iso.peek(content.clone(), &content)?;
    let mut rest = bytes.get(8..).unwrap_or_default();
    let mut keys = Vec::new();
    while let Some(size) = Endian::Big.u32(rest, 0).and_then(|size| usize::try_from(size).ok()) {
        let Some((entry, after)) = rest.split_at_checked(size).filter(|_| size >= 8) else { break };
        keys.push(entry.get(8..).unwrap_or_default().to_vec());
        rest = after;
    }
    Ok(keys)
}

/// The items of an `ilst`: a type is either a name or an index into `keys`.
fn item_list(iso: &mut Iso<'_, '_>, list: &BoxAt, keys: &[Vec<u8>], depth: u32) -> Result<(), ScanError> {
    let mut rest = list.content();
    loop {
        match next(iso, rest.clone())? {
            Next::End => return Ok(()),
            Next::Junk(junk) => return sniff::search(iso, junk),
            Next::Box(item) => {
                let index = usize::try_from(u32::from_be_bytes(item.kind)).unwrap_or_default();
                let key = index.checked_sub(1).and_then(|index| keys.get(index));
                let named = key.filter(|key| tells_place(key)).map(|key| classes(key));
                match named.or_else(|| walk::location(&item.kind)) {
                    Some(classes) => walk::hide(iso, &item, classes)?,
                    None => one_item(iso, &item, depth)?,
                }
                rest.start = item.end;
            }
        }
    }
}

/// An item that is no location by its type: by its name (`----`, iTunes), or by what its data hold.
fn one_item(iso: &mut Iso<'_, '_>, item: &BoxAt, depth: u32) -> Result<(), ScanError> {
    let mut rest = item.content();
    let mut values = Vec::new();
    loop {
        match next(iso, rest.clone())? {
            Next::End => break,
            Next::Junk(junk) => {
                sniff::search(iso, junk)?;
                break;
            }
            Next::Box(part) => {
                match &part.kind {
                    b"name" if part.end.saturating_sub(part.body) < 1024 => {
                        let name = iso.peek(part.full(), &part.full())?;
                        if tells_place(name) {
                            let classes = classes(name);
                            return walk::hide(iso, item, classes);
                        }
                    }
                    b"data" => values.push(after(&part.content(), 8)),
                    b"mean" | b"name" => {}
                    _ => walk::visit(iso, &part, depth)?,
                }
                rest.start = part.end;
            }
        }
    }
    values.into_iter().try_for_each(|value| sniff::sniff(iso, value))
}

/// What a metadata name that is one of a place tells.
fn classes(name: &[u8]) -> Classes {
    let name = name.to_ascii_lowercase();
    let last = name.rsplit(|byte| *byte == b'.').next().unwrap_or_default();
    match last {
        b"iso6709" | b"xyz" | b"\xa9xyz" => Classes::FIX,
        b"name" | b"body" | b"note" | b"role" | b"city" | b"country" | b"state" => Classes::PLACES,
        _ => Classes::FIX.and(Classes::PLACES),
    }
}

/// Whether a metadata name is that of a place: `com.apple.quicktime.location.ISO6709`, `xyz`, `GPSLatitude`, ….
pub(super) fn tells_place(name: &[u8]) -> bool {
    let name = name.to_ascii_lowercase();
    let holds = |word: &[u8]| memchr::memmem::find(&name, word).is_some();
    let last = name.rsplit(|byte| *byte == b'.').next().unwrap_or_default();
    [&b"location"[..], b"latitude", b"longitude", b"iso6709", b"gps", b"geotag"].into_iter().any(holds)
        || [&b"xyz"[..], b"\xa9xyz", b"loci", b"city", b"country", b"state", b"recorded_at"].contains(&last)
}
