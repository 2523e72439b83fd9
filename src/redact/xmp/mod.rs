//! XMP packets: the properties that tell a place are taken out, whether written as elements or as attributes.
//!
//! An element goes with its tags and an attribute with its name, and spaces stand there instead: the packet stays
//! well-formed for strict readers and every other property keeps its value.
//!
//! It does not look into values (a caption that names a town stays) and does not expand entities.

#![forbid(unsafe_code)]

use std::borrow::Cow;
use std::ops::Range;

use super::bytes::{length, part};
use super::scan::Scan;
use super::{Fill, ScanError};
use encoding::Encoding;
use token::{Shape, Tag, Tags};

mod encoding;
mod names;
#[cfg(test)]
mod tests;
mod token;

const MALFORMED: ScanError = ScanError::Malformed("XMP");
/// More namespaces than any writer declares at once.
const MAX_BINDINGS: usize = 512;
/// More nesting than any schema has.
const MAX_ELEMENTS: usize = 1024;

/// Hides the location in the XMP packet that fills `range`.
///
/// A packet that is not well-formed and might tell a place is [`ScanError::Malformed`]: then [`blank`] it.
pub(super) fn scan(scan: &mut Scan<'_>, range: Range<u64>) -> Result<(), ScanError> {
    scan.step()?;
    let packet = scan.bytes(range.clone())?;
    let encoding = Encoding::of(&packet);
    let narrow =
        if encoding.unit == 1 { Cow::Borrowed(packet.as_slice()) } else { encoding.narrowed(&packet).into() };
    let found = match Walk::new(&narrow, encoding.unit > 1).run() {
        Err(ScanError::Malformed(_)) if !names::hinted(&packet) => return Ok(()),
        found => found?,
    };
    for units in found {
        let bytes = encoding.bytes(&units);
        let place = part(&range, bytes.start, length(&bytes)).ok_or(MALFORMED)?;
        scan.patch(place.start, encoding.spaces(units.len()))?;
    }
    Ok(())
}

/// Makes of `range` a packet without content: spaces.
pub(super) fn blank(scan: &mut Scan<'_>, range: Range<u64>) -> Result<(), ScanError> {
    scan.patch(range.start, Fill::Spaces(length(&range)))
}

/// Hides the location in a packet, and blanks the packet where that cannot be done.
pub(super) fn scan_or_blank(scan: &mut Scan<'_>, range: Range<u64>) -> Result<(), ScanError> {
    let mark = scan.mark();
    match self::scan(scan, range.clone()) {
        Err(ScanError::Malformed(_)) => {
            scan.rewind(mark);
            blank(scan, range)
        }
        result => result,
    }
}

/// The walk through the elements of one packet.
#[derive(Debug)]
struct Walk<'a> {
    text: &'a [u8],
    /// Whether 0xff stands for any character that is not ASCII.
    wide: bool,
    open: Vec<Element>,
    /// Prefix and namespace, the innermost last.
    bindings: Vec<(Range<usize>, Range<usize>)>,
    /// Where the outermost element begins that is being taken out, and how many are open around it.
    removing: Option<(usize, usize)>,
    found: Vec<Range<usize>>,
}

#[derive(Debug)]
struct Element {
    name: Range<usize>,
    /// How many bindings there were outside it.
    bindings: usize,
}

impl<'a> Walk<'a> {
    fn new(text: &'a [u8], wide: bool) -> Walk<'a> {
        Walk { text, wide, open: Vec::new(), bindings: Vec::new(), removing: None, found: Vec::new() }
    }

    /// The ranges to take out.
    fn run(mut self) -> Result<Vec<Range<usize>>, ScanError> {
        let mut tags = Tags::new(self.text);
        let mut seen = false;
        while let Some(tag) = tags.next_tag()? {
            seen = true;
            if self.wide && self.slice(&tag.name).contains(&0xff) {
                return Err(MALFORMED);
            }
            match tag.shape {
                Shape::Start | Shape::Empty => self.start(&tag)?,
                Shape::End => self.end(&tag)?,
            }
        }
        if self.open.is_empty() && seen { Ok(self.found) } else { Err(MALFORMED) }
    }

    fn start(&mut self, tag: &Tag) -> Result<(), ScanError> {
        let outside = self.bindings.len();
        for attribute in &tag.attributes {
            let name = self.slice(&attribute.name);
            if self.wide && name.contains(&0xff) {
                return Err(MALFORMED);
            }
            let prefix = match name.strip_prefix(b"xmlns") {
                Some(b"") => attribute.name.end..attribute.name.end,
                Some([b':', ..]) => attribute.name.start.saturating_add(6)..attribute.name.end,
                Some(_) | None => continue,
            };
            if self.slice(&attribute.value).contains(&b'&') || self.bindings.len() >= MAX_BINDINGS {
                return Err(MALFORMED);
            }
            self.bindings.push((prefix, attribute.value.clone()));
        }
        if self.removing.is_none() {
            self.judge(tag);
        }
        if tag.shape == Shape::Empty {
            self.bindings.truncate(outside);
            return Ok(());
        }
        if self.open.len() >= MAX_ELEMENTS {
            return Err(MALFORMED);
        }
        self.open.push(Element { name: tag.name.clone(), bindings: outside });
        Ok(())
    }

    /// Takes out the element or those of its attributes that tell a place.
    fn judge(&mut self, tag: &Tag) {
        if self.tells_a_place(&tag.name) {
            match tag.shape {
                Shape::Empty => self.found.push(tag.span.clone()),
                Shape::Start | Shape::End => self.removing = Some((tag.span.start, self.open.len())),
            }
            return;
        }
        for attribute in &tag.attributes {
            if !self.slice(&attribute.name).starts_with(b"xmlns") && self.tells_a_place(&attribute.name) {
                self.found.push(attribute.span.clone());
            }
        }
    }

    fn end(&mut self, tag: &Tag) -> Result<(), ScanError> {
        let element = self.open.pop().ok_or(MALFORMED)?;
        if self.slice(&element.name) != self.slice(&tag.name) {
            return Err(MALFORMED);
        }
        self.bindings.truncate(element.bindings);
        if let Some((start, outside)) = self.removing
            && outside == self.open.len()
        {
            self.found.push(start..tag.span.end);
            self.removing = None;
        }
        Ok(())
    }

    fn tells_a_place(&self, name: &Range<usize>) -> bool {
        let name = self.slice(name);
        let (prefix, local) = match memchr::memchr(b':', name) {
            Some(colon) => (
                name.get(..colon).unwrap_or_default(),
                name.get(colon.saturating_add(1)..).unwrap_or_default(),
            ),
            None => (&[][..], name),
        };
        let bound = self.bindings.iter().rev().find(|(bound, _)| self.slice(bound) == prefix);
        names::tells_a_place(bound.map(|(_, uri)| self.slice(uri)), prefix, local)
    }

    fn slice(&self, range: &Range<usize>) -> &'a [u8] {
        self.text.get(range.clone()).unwrap_or_default()
    }
}
