//! The walk over the boxes: which are containers, which are carriers, which say nothing.

#![forbid(unsafe_code)]

use std::ops::Range;

use crate::redact::{Classes, ScanError, xmp};

use super::boxes::{BoxAt, Kind, Next, next, plausible};
use super::{
    Iso, codestream, fragment, gopro, item, jxl, maker, meta, provenance, sniff, timed, track, uuid,
};

/// How deep containers are followed by their frame; below that their bytes are searched.
const DEPTH: u32 = 24;

/// Boxes that are a location and nothing else: QuickTime and 3GPP TS 26.244 user data, dash-cams.
const LOCATION: [&Kind; 8] =
    [b"\xa9xyz", b"@xyz", b"loci", b"\xa9loc", b"\xa9gps", b"gps0", b"GPS ", b"udat"];

/// Boxes that hold boxes; the last line has those of JPEG 2000 (ISO/IEC 15444-1, annex I, and 15444-2, annex M).
const CONTAINERS: [&Kind; 25] = [
    b"moov", b"mdia", b"minf", b"stbl", b"udta", b"mvex", b"traf", b"gmhd", b"tapt", b"clip", b"matt",
    b"meco", b"strk", b"wave", b"moop", b"ipro", b"NCDT", b"jp2h", b"res ", b"jpch", b"jplh", b"cgrp",
    b"asoc", b"uinf", b"ftbl",
];

/// Structure without room for a location, and codestreams of JPEG XL, which hold no metadata; nothing of it is read.
const STRUCTURE: [&Kind; 72] = [
    b"ftyp", b"styp", b"sidx", b"ssix", b"pdin", b"mfra", b"mvhd", b"tkhd", b"mdhd", b"edts", b"vmhd",
    b"smhd", b"hmhd", b"nmhd", b"sthd", b"dinf", b"stts", b"ctts", b"cslg", b"stss", b"stps", b"sdtp",
    b"stsh", b"padb", b"sbgp", b"sgpd", b"subs", b"saiz", b"saio", b"senc", b"stsd", b"stsc", b"stsz",
    b"stz2", b"stco", b"co64", b"tfhd", b"trun", b"mehd", b"mfhd", b"tfdt", b"prft", b"pssh", b"tref",
    b"hdlr", b"pitm", b"iref", b"iprp", b"trep", b"load", b"trgr", b"imap", b"tmcd", b"tcmi", b"wide",
    b"JXL ", b"jxll", b"jxli", b"jxlc", b"jxlp", b"jhgm", b"jP  ", b"ihdr", b"bpcc", b"pclr", b"cmap",
    b"cdef", b"resc", b"resd", b"rreq", b"opct", b"creg",
];

/// What may be shown though its end is missing.
const PICTURES: [&Kind; 5] = [b"jxlc", b"jxlp", b"jp2c", b"mdat", b"idat"];

/// The boxes of the file itself.
pub(super) fn top(iso: &mut Iso<'_, '_>, range: Range<u64>) -> Result<(), ScanError> {
    let mut rest = range;
    loop {
        match next(iso, rest.clone())? {
            Next::End => return Ok(()),
            Next::Box(found) if plausible(found.kind) => {
                let signature = matches!(&found.kind, b"JXL " | b"jP  ");
                iso.still |= signature && found.start == iso.file.start;
                visit(iso, &found, DEPTH)?;
                rest.start = found.end;
            }
            Next::Box(_) | Next::Junk(_) => return lost(iso, rest),
        }
    }
}

/// The boxes in a container; `depth` more levels may follow.
pub(super) fn children(iso: &mut Iso<'_, '_>, range: Range<u64>, depth: u32) -> Result<(), ScanError> {
    let Some(depth) = depth.checked_sub(1) else { return lost(iso, range) };
    let mut rest = range;
    loop {
        match next(iso, rest.clone())? {
            Next::End => return Ok(()),
            Next::Junk(junk) => return lost(iso, junk),
            Next::Box(found) => {
                visit(iso, &found, depth)?;
                rest.start = found.end;
            }
        }
    }
}

/// Boxes of still pictures with metadata that a search may not see: compressed, or without the start that readers know
/// it by.
const UNSEEN: [&Kind; 8] = [b"uuid", b"xml ", b"Exif", b"brob", b"jbrd", b"jumb", b"asoc", b"jp2h"];

/// What follows a broken frame. In a still picture, which does not need it, it goes whole if there may be such a box in
/// it.
fn lost(iso: &mut Iso<'_, '_>, range: Range<u64>) -> Result<(), ScanError> {
    if iso.is_still() && !sniff::lacks(iso, &range, &UNSEEN)? {
        return iso.erase(range);
    }
    sniff::search(iso, range)
}

/// One box, wherever it stands: readers look for most carriers in more places than the specifications name.
///
/// In a still picture a box that would be changed once more, when it is looked at again, goes whole.
pub(super) fn visit(iso: &mut Iso<'_, '_>, found: &BoxAt, depth: u32) -> Result<(), ScanError> {
    let mark = iso.scan.mark();
    enter(iso, found, depth)?;
    if !iso.is_still() || iso.scan.is_settled(mark, |scan| super::scan_still(scan, found.start..found.end))? {
        return Ok(());
    }
    if PICTURES.contains(&&found.kind) {
        return Err(ScanError::Malformed("codestream that does not come clean"));
    }
    iso.scan.rewind(mark);
    iso.withdraw(found)
}

fn enter(iso: &mut Iso<'_, '_>, found: &BoxAt, depth: u32) -> Result<(), ScanError> {
    let kind = &found.kind;
    if found.cut && !PICTURES.contains(&kind) && iso.is_still() {
        // Where its content ends nobody knows, and what follows may be another box's.
        return iso.erase(found.content());
    }
    if STRUCTURE.contains(&kind) {
        return Ok(());
    }
    if matches!(kind, b"moov" | b"moof" | b"meta") && !iso.dead {
        iso.described = true;
    }
    if CONTAINERS.contains(&kind) {
        return children(iso, found.content(), depth);
    }
    if let Some(classes) = location(kind) {
        return hide(iso, found, classes);
    }
    match kind {
        b"mdat" | b"idat" => {
            if !iso.dead {
                iso.data.push(found.content());
            }
            Ok(())
        }
        b"trak" => track::walk(iso, found, depth),
        b"moof" => fragment::walk(iso, found, depth),
        b"trex" => {
            iso.defaults.push(*found);
            Ok(())
        }
        b"meta" => meta::walk(iso, found, depth),
        b"cmov" => Err(ScanError::Malformed("compressed moov")),
        b"uuid" => uuid::walk(iso, found, depth),
        b"XMP_" => packet(iso, found.content()),
        b"gps " => timed::index(iso, found),
        b"NCTG" => maker::nikon(iso, found.content()),
        b"PENT" => maker::pentax(iso, found.content()),
        b"Xtra" => maker::microsoft(iso, found.content()),
        b"xml " => maker::xml(iso, found),
        b"Exif" => item::exif(iso, found.content()),
        b"jumb" => provenance::blank(iso, found.content()),
        b"brob" => jxl::compressed(iso, found),
        b"jbrd" => jxl::reconstruction(iso, found),
        b"jp2c" => codestream::walk(iso.scan, found.content()),
        b"GPMF" => gopro::blank(iso, found.content()),
        b"mpvd" => iso.scan.nested(|scan| super::scan(scan, found.content())),
        b"free" | b"skip" => skipped(iso, found, depth),
        // What only looks like a size and a type may be the start of something else.
        _ if found.cut => sniff::search(iso, found.start..found.end),
        _ => sniff::sniff(iso, found.content()),
    }
}

/// What a box of this type tells that is a location and nothing else.
pub(super) fn location(kind: &Kind) -> Option<Classes> {
    // `loci` has a name beside its numbers.
    let classes = if kind == b"loci" { Classes::FIX.and(Classes::PLACES) } else { Classes::FIX };
    LOCATION.contains(&kind).then_some(classes)
}

/// Makes a box that tells these one that readers skip, if any of them is to be hidden.
pub(super) fn hide(iso: &mut Iso<'_, '_>, found: &BoxAt, classes: Classes) -> Result<(), ScanError> {
    if !iso.scan.hides(classes) {
        return Ok(());
    }
    let before = iso.scan.tell(classes);
    let done = iso.free(found);
    iso.scan.tell(before);
    done
}

/// An XMP packet; one that cannot be parsed is blanked whole. What does not begin like text is no packet, whatever
/// it is called.
pub(super) fn packet(iso: &mut Iso<'_, '_>, range: Range<u64>) -> Result<(), ScanError> {
    let first = iso.scan.some(range.start, 1, &range)?;
    if !first.first().is_none_or(|first| b"<\xef\xfe\xff\0 \t\r\n".contains(first)) {
        return sniff::sniff(iso, range);
    }
    let mark = iso.scan.mark();
    match xmp::scan(iso.scan, range.clone()) {
        Err(ScanError::Malformed(_)) => {
            iso.scan.rewind(mark);
            xmp::blank(iso.scan, range)
        }
        done => done,
    }
}

/// A box that readers skip, but cameras fill with boxes of their own and editors leave old ones in.
fn skipped(iso: &mut Iso<'_, '_>, found: &BoxAt, depth: u32) -> Result<(), ScanError> {
    let inner = next(iso, found.content())?;
    match inner {
        Next::Box(first) if plausible(first.kind) && !first.cut && first.kind != *b"mdat" => {
            let live = std::mem::replace(&mut iso.dead, true);
            let walked = children(iso, found.content(), depth);
            iso.dead = live;
            walked
        }
        _ => sniff::sniff(iso, found.content()),
    }
}
