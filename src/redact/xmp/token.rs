//! The parts of XML that an XMP packet is made of: tags with their attributes, and the text between them.
//!
//! It does not expand entities, and takes no document type definition: a packet that has one is malformed.
//! Source: XML 1.0 (fifth edition), sections 2 and 3.

#![forbid(unsafe_code)]

use std::ops::Range;

use memchr::{memchr, memmem};

use crate::redact::ScanError;

/// One tag; positions are byte offsets in the packet.
#[derive(Debug)]
pub(super) struct Tag {
    /// From `<` to the byte after `>`.
    pub(super) span: Range<usize>,
    /// The qualified name.
    pub(super) name: Range<usize>,
    pub(super) shape: Shape,
    pub(super) attributes: Vec<Attribute>,
}

/// Whether a tag opens an element, closes one, or is a whole one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Start,
    End,
    Empty,
}

/// One attribute of a tag.
#[derive(Debug)]
pub(super) struct Attribute {
    pub(super) name: Range<usize>,
    /// Without the quotes.
    pub(super) value: Range<usize>,
    /// From the name to the byte after the closing quote.
    pub(super) span: Range<usize>,
}

/// Walks the tags of a packet; text, comments, CDATA sections and instructions are passed over.
#[derive(Debug)]
pub(super) struct Tags<'a> {
    text: &'a [u8],
    at: usize,
}

const MALFORMED: ScanError = ScanError::Malformed("XML");
/// More attributes than any element has.
const MAX_ATTRIBUTES: usize = 10_000;

impl<'a> Tags<'a> {
    pub(super) fn new(text: &'a [u8]) -> Tags<'a> {
        Tags { text, at: 0 }
    }

    /// Goes on at `at`.
    pub(super) fn seek(&mut self, at: usize) {
        self.at = at;
    }

    /// The next tag; `None` at the end of the text.
    pub(super) fn next_tag(&mut self) -> Result<Option<Tag>, ScanError> {
        loop {
            let rest = self.text.get(self.at..).unwrap_or_default();
            let Some(open) = memchr(b'<', rest) else { return Ok(None) };
            let rest = rest.get(open..).unwrap_or_default();
            let start = self.at.saturating_add(open);
            let skip = match rest {
                [b'<', b'!', b'-', b'-', ..] => past(rest, 4, b"-->")?,
                [b'<', b'!', b'[', b'C', b'D', b'A', b'T', b'A', b'[', ..] => past(rest, 9, b"]]>")?,
                [b'<', b'?', ..] => past(rest, 2, b"?>")?,
                [b'<', b'!', ..] => return Err(MALFORMED),
                _ => {
                    let tag = self.tag(start)?;
                    self.at = tag.span.end;
                    return Ok(Some(tag));
                }
            };
            self.at = start.saturating_add(skip);
        }
    }

    fn tag(&self, start: usize) -> Result<Tag, ScanError> {
        let mut at = start.saturating_add(1);
        let closing = self.byte(at)? == b'/';
        if closing {
            at = at.saturating_add(1);
        }
        let name = self.name(at)?;
        at = name.end;
        let mut attributes = Vec::new();
        loop {
            let spaced = self.space(at);
            match self.byte(spaced)? {
                b'>' => {
                    let shape = if closing { Shape::End } else { Shape::Start };
                    return Ok(Tag { span: start..spaced.saturating_add(1), name, shape, attributes });
                }
                b'/' if !closing && self.byte(spaced.saturating_add(1))? == b'>' => {
                    let span = start..spaced.saturating_add(2);
                    return Ok(Tag { span, name, shape: Shape::Empty, attributes });
                }
                _ if closing => return Err(MALFORMED),
                _ => {}
            }
            let attribute = self.attribute(spaced)?;
            at = attribute.span.end;
            attributes.push(attribute);
            if attributes.len() > MAX_ATTRIBUTES {
                return Err(MALFORMED);
            }
        }
    }

    fn attribute(&self, start: usize) -> Result<Attribute, ScanError> {
        let name = self.name(start)?;
        let equals = self.space(name.end);
        if self.byte(equals)? != b'=' {
            return Err(MALFORMED);
        }
        let open = self.space(equals.saturating_add(1));
        let quote = self.byte(open)?;
        if quote != b'"' && quote != b'\'' {
            return Err(MALFORMED);
        }
        let from = open.saturating_add(1);
        let length = memchr(quote, self.text.get(from..).unwrap_or_default()).ok_or(MALFORMED)?;
        let to = from.saturating_add(length);
        let value = from..to;
        if memchr(b'<', self.text.get(value.clone()).unwrap_or_default()).is_some() {
            return Err(MALFORMED);
        }
        Ok(Attribute { name, value, span: start..to.saturating_add(1) })
    }

    fn name(&self, start: usize) -> Result<Range<usize>, ScanError> {
        let rest = self.text.get(start..).unwrap_or_default();
        let ends = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b'=' | b'>');
        let end = rest.iter().position(ends).ok_or(MALFORMED)?;
        // Some writers have a slash in their names, which ends none but in front of the bracket.
        let empty = rest.get(..end).is_some_and(|name| name.ends_with(b"/")) && rest.get(end) == Some(&b'>');
        let length = end.saturating_sub(usize::from(empty));
        let name = rest.get(..length).unwrap_or_default();
        if name.is_empty() || name.iter().any(|byte| matches!(byte, b'<' | b'&' | b'"' | b'\'' | 0)) {
            return Err(MALFORMED);
        }
        Ok(start..start.saturating_add(length))
    }

    fn space(&self, start: usize) -> usize {
        let rest = self.text.get(start..).unwrap_or_default();
        let length = rest.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n'));
        start.saturating_add(length.unwrap_or(rest.len()))
    }

    fn byte(&self, at: usize) -> Result<u8, ScanError> {
        self.text.get(at).copied().ok_or(MALFORMED)
    }
}

/// Where in `rest` the construct ends that begins it, has an opening of `opening` bytes and closes with `close`.
fn past(rest: &[u8], opening: usize, close: &[u8]) -> Result<usize, ScanError> {
    let found = memmem::find(rest.get(opening..).unwrap_or_default(), close).ok_or(MALFORMED)?;
    Ok(opening.saturating_add(found).saturating_add(close.len()))
}
