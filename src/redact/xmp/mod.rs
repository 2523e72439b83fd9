//! XMP packets: the properties that tell a place are taken out, whether written as elements or as attributes.
//!
//! An element goes with its tags and an attribute with its name, and spaces stand there instead; of names in words
//! only the value goes. The packet stays well-formed for strict readers and every other property keeps its value.
//!
//! It does not look into values (a caption that names a town stays) and does not expand entities.

#![forbid(unsafe_code)]

use std::borrow::Cow;
use std::ops::Range;

use super::bytes::{length, part};
use super::scan::Scan;
use super::{Classes, Fill, ScanError};
use encoding::Encoding;
use names::Fate;
use token::{Shape, Tag, Tags};

mod encoding;
mod names;
#[cfg(test)]
mod tests;
mod token;

const MALFORMED: ScanError = ScanError::Malformed("XMP");
/// The longest packet: it is held several times over.
const LONGEST: u64 = 10 << 20;
/// More properties to take out than a plan has replacements.
const MAX_FOUND: usize = 100_000;
/// More namespaces than any writer declares at once.
const MAX_BINDINGS: usize = 512;
/// More nesting than any schema has.
const MAX_ELEMENTS: usize = 1024;

/// Hides the location in the XMP packet that fills `range`.
///
/// A packet that is not well-formed and might tell a place is [`ScanError::Malformed`]: then [`blank`] it.
pub(super) fn scan(scan: &mut Scan<'_>, range: Range<u64>) -> Result<(), ScanError> {
    scan.step()?;
    if length(&range) > LONGEST {
        return Err(ScanError::Budget("bytes of XMP"));
    }
    let packet = scan.bytes(range.clone())?;
    let encoding = Encoding::of(&packet);
    let narrow =
        if encoding.unit == 1 { Cow::Borrowed(packet.as_slice()) } else { encoding.narrowed(&packet).into() };
    let found = match Walk::new(&narrow, encoding.unit > 1, scan.hidden()).run() {
        Err(ScanError::Malformed(_)) if !names::hinted(&packet) => return Ok(()),
        found => found?,
    };
    for (units, classes) in found {
        let bytes = encoding.bytes(&units);
        let place = part(&range, bytes.start, length(&bytes)).ok_or(MALFORMED)?;
        scan.of(classes, |scan| scan.patch(place.start, encoding.spaces(units.len())))?;
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
        Err(ScanError::Malformed(_)) => {}
        result => return result,
    }
    scan.rewind(mark);
    let parts = match packet_end(scan, &range)? {
        Some(end) => vec![range.start..end, end..range.end],
        None => return blank(scan, range),
    };
    for part in parts {
        let mark = scan.mark();
        match self::scan(scan, part.clone()) {
            Err(ScanError::Malformed(_)) => {
                scan.rewind(mark);
                blank(scan, part)?;
            }
            result => result?,
        }
    }
    Ok(())
}

/// Where the packet ends by its own mark, if anything follows: programs that write a shorter one over a longer one leave
/// the rest of that behind.
fn packet_end(scan: &mut Scan<'_>, range: &Range<u64>) -> Result<Option<u64>, ScanError> {
    let packet = scan.bytes(range.clone())?;
    let Some(mark) = memchr::memmem::find(&packet, b"<?xpacket end=") else { return Ok(None) };
    let rest = packet.get(mark..).unwrap_or_default();
    let Some(close) = memchr::memmem::find(rest, b"?>") else { return Ok(None) };
    let end = mark.saturating_add(close).saturating_add(2);
    let follows = packet.get(end..).is_some_and(|rest| !rest.trim_ascii().is_empty());
    Ok(follows.then(|| range.start.saturating_add(end as u64)))
}

/// The walk through the elements of one packet.
#[derive(Debug)]
struct Walk<'a> {
    text: &'a [u8],
    /// Whether 0xff stands for any character that is not ASCII.
    wide: bool,
    hide: Classes,
    open: Vec<Element>,
    /// Prefix and namespace, the innermost last.
    bindings: Vec<(Range<usize>, Range<usize>)>,
    removing: Option<Removal>,
    found: Vec<(Range<usize>, Classes)>,
}

/// The outermost element that is being taken out.
#[derive(Clone, Copy, Debug)]
struct Removal {
    /// The first byte to go.
    start: usize,
    /// How many elements are open around it.
    outside: usize,
    /// Whether its tags go too.
    whole: bool,
    classes: Classes,
}

#[derive(Debug)]
struct Element {
    name: Range<usize>,
    /// How many bindings there were outside it.
    bindings: usize,
}

impl<'a> Walk<'a> {
    fn new(text: &'a [u8], wide: bool, hide: Classes) -> Walk<'a> {
        let (open, bindings, found) = (Vec::new(), Vec::new(), Vec::new());
        Walk { text, wide, hide, open, bindings, removing: None, found }
    }

    /// The ranges to take out.
    fn run(mut self) -> Result<Vec<(Range<usize>, Classes)>, ScanError> {
        let mut tags = Tags::new(self.text);
        let mut seen = false;
        loop {
            if self.found.len() > MAX_FOUND {
                return Err(ScanError::Budget("replacements"));
            }
            let more = match tags.next_tag() {
                Ok(Some(tag)) => self.tag(&tag).map(|()| true),
                Ok(None) => Ok(false),
                Err(error) => Err(error),
            };
            match more {
                Ok(true) => seen = true,
                Ok(false) if self.removing.is_none() => break,
                Ok(false) | Err(_) => self.resume(&mut tags)?,
            }
        }
        // What is empty already stays, so that a redacted packet is a clean one.
        let text = self.text;
        self.found.retain(|(found, _)| !text.get(found.clone()).unwrap_or_default().trim_ascii().is_empty());
        if self.open.is_empty() && seen { Ok(self.found) } else { Err(MALFORMED) }
    }

    fn tag(&mut self, tag: &Tag) -> Result<(), ScanError> {
        if self.wide && self.slice(&tag.name).contains(&0xff) {
            return Err(MALFORMED);
        }
        match tag.shape {
            Shape::Start | Shape::Empty => self.start(tag),
            Shape::End => self.end(tag),
        }
    }

    /// After an error: if it is inside an element that is being taken out, goes on behind its closing tag, because
    /// whatever is wrong goes with it.
    fn resume(&mut self, tags: &mut Tags<'_>) -> Result<(), ScanError> {
        let removal = self.removing.ok_or(MALFORMED)?;
        let element = self.open.get(removal.outside).ok_or(MALFORMED)?;
        let close = [b"</", self.slice(&element.name), b">"].concat();
        let inside = self.text.get(removal.start..).unwrap_or_default();
        let found = memchr::memmem::find(inside, &close).ok_or(MALFORMED)?;
        let start = removal.start.saturating_add(found);
        let end = start.saturating_add(close.len());
        self.bindings.truncate(element.bindings);
        self.open.truncate(removal.outside);
        self.close(removal, &(start..end));
        tags.seek(end);
        Ok(())
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
        let (fate, classes) = self.fate(&tag.name);
        if fate != Fate::Stays && tag.shape == Shape::Start {
            let whole = fate == Fate::Removed;
            let start = if whole { tag.span.start } else { tag.span.end };
            self.removing = Some(Removal { start, outside: self.open.len(), whole, classes });
        }
        if fate == Fate::Removed {
            if tag.shape == Shape::Empty {
                self.found.push((tag.span.clone(), classes));
            }
            return;
        }
        for attribute in &tag.attributes {
            if self.slice(&attribute.name).starts_with(b"xmlns") {
                continue;
            }
            match self.fate(&attribute.name) {
                (Fate::Stays, _) => {}
                (Fate::Emptied, classes) => self.found.push((attribute.value.clone(), classes)),
                (Fate::Removed, classes) => self.found.push((attribute.span.clone(), classes)),
            }
        }
    }

    fn end(&mut self, tag: &Tag) -> Result<(), ScanError> {
        let element = self.open.pop().ok_or(MALFORMED)?;
        if self.slice(&element.name) != self.slice(&tag.name) {
            // Put back, for the resumption that knows what is open.
            self.open.push(element);
            return Err(MALFORMED);
        }
        self.bindings.truncate(element.bindings);
        if let Some(removal) = self.removing.filter(|removal| removal.outside == self.open.len()) {
            self.close(removal, &tag.span);
        }
        Ok(())
    }

    /// Ends a removal at its closing tag.
    fn close(&mut self, removal: Removal, tag: &Range<usize>) {
        let end = if removal.whole { tag.end } else { tag.start };
        self.found.push((removal.start..end, removal.classes));
        self.removing = None;
    }

    /// What becomes of a property, and what it tells; what need not be hidden stays.
    fn fate(&self, name: &Range<usize>) -> (Fate, Classes) {
        let name = self.slice(name);
        let (prefix, local) = match memchr::memchr(b':', name) {
            Some(colon) => (
                name.get(..colon).unwrap_or_default(),
                name.get(colon.saturating_add(1)..).unwrap_or_default(),
            ),
            None => (&[][..], name),
        };
        let bound = self.bindings.iter().rev().find(|(bound, _)| self.slice(bound) == prefix);
        let (fate, classes) = names::fate(bound.map(|(_, uri)| self.slice(uri)), prefix, local);
        (if self.hide.meets(classes) { fate } else { Fate::Stays }, classes)
    }

    fn slice(&self, range: &Range<usize>) -> &'a [u8] {
        self.text.get(range.clone()).unwrap_or_default()
    }
}
