//! Movie fragments (ISO/IEC 14496-12, 8.8): where the samples of a track lie that no table of `moov` lists.

#![forbid(unsafe_code)]

use std::ops::Range;

use crate::redact::ScanError;
use crate::redact::bytes::Endian;

use super::boxes::{BoxAt, Next, next};
use super::{Iso, sniff, walk};

/// One `traf`.
#[derive(Clone, Debug)]
pub(super) struct Fragment {
    /// Start of the `moof` around it.
    movie: u64,
    /// Whether another `traf` stands before it.
    later: bool,
    header: Option<BoxAt>,
    runs: Vec<BoxAt>,
}

/// A `moof` box.
pub(super) fn walk(iso: &mut Iso<'_, '_>, found: &BoxAt, depth: u32) -> Result<(), ScanError> {
    let Some(depth) = depth.checked_sub(1) else { return sniff::search(iso, found.content()) };
    let mut later = false;
    let mut rest = found.content();
    loop {
        match next(iso, rest.clone())? {
            Next::End => return Ok(()),
            Next::Junk(junk) => return sniff::search(iso, junk),
            Next::Box(inner) => {
                if inner.kind == *b"traf" && !iso.dead {
                    track(
                        iso,
                        &inner,
                        Fragment { movie: found.start, later, header: None, runs: Vec::new() },
                        depth,
                    )?;
                    later = true;
                } else {
                    walk::visit(iso, &inner, depth)?;
                }
                rest.start = inner.end;
            }
        }
    }
}

/// A `traf` box.
fn track(iso: &mut Iso<'_, '_>, found: &BoxAt, mut fragment: Fragment, depth: u32) -> Result<(), ScanError> {
    let mut rest = found.content();
    loop {
        match next(iso, rest.clone())? {
            Next::End => break,
            Next::Junk(junk) => {
                sniff::search(iso, junk)?;
                break;
            }
            Next::Box(inner) => {
                match &inner.kind {
                    b"tfhd" => fragment.header = Some(inner),
                    b"trun" => fragment.runs.push(inner),
                    _ => walk::visit(iso, &inner, depth)?,
                }
                rest.start = inner.end;
            }
        }
    }
    iso.fragments.push(fragment);
    Ok(())
}

/// The samples of track `id` in all fragments.
pub(super) fn samples(iso: &mut Iso<'_, '_>, id: u32) -> Result<Vec<Range<u64>>, ScanError> {
    let mut samples = Vec::new();
    for fragment in iso.fragments.clone() {
        let Some(header) = fragment.header else {
            return Err(ScanError::Malformed("fragment without a header"));
        };
        let bytes = iso.bytes(header.content())?;
        if Endian::Big.u32(&bytes, 4) == Some(id) {
            let header = Header::parse(&bytes, &fragment, default_size(iso, id)?)?;
            let mut at = header.base;
            for run in &fragment.runs {
                at = header.run(iso, run, at, &mut samples)?;
            }
        }
    }
    Ok(samples)
}

/// The sample size that `trex` gives a track.
fn default_size(iso: &mut Iso<'_, '_>, id: u32) -> Result<u64, ScanError> {
    for found in iso.defaults.clone() {
        let bytes = iso.scan.some(found.body, 24, &found.content())?;
        if Endian::Big.u32(&bytes, 4) == Some(id) {
            return Ok(Endian::Big.u32(&bytes, 16).map(u64::from).unwrap_or_default());
        }
    }
    Ok(0)
}

/// What a `tfhd` says.
#[derive(Debug)]
struct Header {
    /// From where the offsets of its runs count.
    base: u64,
    size: u64,
}

impl Header {
    fn parse(bytes: &[u8], fragment: &Fragment, default: u64) -> Result<Header, ScanError> {
        let short = || ScanError::Malformed("fragment header");
        let flags = Endian::Big.u32(bytes, 0).ok_or_else(short)?;
        let mut at = 8usize;
        let mut base = fragment.movie;
        if flags & 1 != 0 {
            base = Endian::Big.u64(bytes, at).ok_or_else(short)?;
            at = at.saturating_add(8);
        } else if flags & 0x02_0000 == 0 && fragment.later {
            return Err(ScanError::Malformed("fragment whose data have no base"));
        }
        at = at.saturating_add(if flags & 2 != 0 { 4 } else { 0 });
        at = at.saturating_add(if flags & 8 != 0 { 4 } else { 0 });
        let size = if flags & 0x10 != 0 {
            Endian::Big.u32(bytes, at).map(u64::from).ok_or_else(short)?
        } else {
            default
        };
        Ok(Header { base, size })
    }

    /// The samples of one `trun`, which follow each other; answers where the last one ends.
    fn run(
        &self,
        iso: &mut Iso<'_, '_>,
        found: &BoxAt,
        follows: u64,
        samples: &mut Vec<Range<u64>>,
    ) -> Result<u64, ScanError> {
        let short = || ScanError::Malformed("fragment run");
        let bytes = iso.bytes(found.content())?;
        let flags = Endian::Big.u32(&bytes, 0).ok_or_else(short)?;
        let count = Endian::Big.u32(&bytes, 4).ok_or_else(short)?;
        let mut at = 8usize;
        let mut place = follows;
        if flags & 1 != 0 {
            let offset = Endian::Big.u32(&bytes, at).ok_or_else(short)?.cast_signed();
            place = self.base.checked_add_signed(i64::from(offset)).ok_or_else(short)?;
            at = at.saturating_add(4);
        }
        at = at.saturating_add(if flags & 4 != 0 { 4 } else { 0 });
        let width = |flag: u32| if flags & flag != 0 { 4usize } else { 0 };
        let before = width(0x100);
        let entry =
            before.saturating_add(width(0x200)).saturating_add(width(0x400)).saturating_add(width(0x800));
        for _ in 0..count {
            iso.scan.step()?;
            let size = if flags & 0x200 != 0 {
                Endian::Big.u32(&bytes, at.saturating_add(before)).map(u64::from).ok_or_else(short)?
            } else {
                self.size
            };
            let end = place.saturating_add(size);
            let sample = place.min(iso.file.end)..end.min(iso.file.end);
            if sample.start < sample.end {
                samples.push(sample);
            }
            place = end;
            at = at.saturating_add(entry);
        }
        Ok(place)
    }
}
