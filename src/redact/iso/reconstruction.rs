//! The first part of a `jbrd` box (ISO/IEC 18181-2, annex A): fields of bits that describe a JPEG file. Nothing of it is
//! used but the lengths of the parts that the stream after it holds.
//!
//! The fields are read in their order, the least significant bit first; a number of varying range is two bits that
//! choose one of four ranges, and then its distance from the start of the range.

#![forbid(unsafe_code)]

/// Where the stream begins and what it holds, in its order.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// Bytes of the fields.
    pub(super) header: usize,
    /// Lengths of the application segments and comments, without the 0xff before their marker.
    pub(super) segments: Vec<usize>,
    /// Lengths of what stands between segments, and after the image.
    pub(super) loose: Vec<usize>,
}

/// Most markers that a file may have.
const MOST_MARKERS: u32 = 16_384;

/// Four ranges of a number: where each begins, and how many bits follow.
type Ranges = [(u32, u32); 4];

const FROM_ONE: Ranges = [(1, 0), (2, 0), (3, 0), (4, 0)];
const SEGMENT_KIND: Ranges = [(0, 0), (1, 0), (2, 1), (4, 2)];
const CODES: Ranges = [(4, 0), (2, 3), (10, 4), (26, 6)];
const CODE_COUNT: Ranges = [(0, 0), (1, 0), (2, 3), (0, 8)];
const SYMBOL: Ranges = [(0, 2), (4, 2), (8, 4), (1, 8)];
const LAST_PASS: Ranges = [(0, 0), (1, 0), (2, 0), (3, 3)];
const POINTS: Ranges = [(0, 0), (1, 2), (4, 4), (20, 16)];
const DISTANCE: Ranges = [(0, 0), (1, 3), (9, 5), (41, 28)];
const RUNS: Ranges = [(1, 0), (2, 2), (5, 4), (20, 8)];
const TAIL: Ranges = [(0, 0), (1, 8), (257, 16), (65_793, 22)];

/// The lengths; `None` where the fields cannot be followed.
pub(super) fn layout(bytes: &[u8]) -> Option<Layout> {
    let mut bits = Bits { bytes, at: 0 };
    bits.take(1)?;
    let markers = Markers::read(&mut bits)?;
    let segments = segments(&mut bits, &markers)?;
    tables(&mut bits)?;
    codes(&mut bits)?;
    for _ in 0..markers.scans {
        scan(&mut bits)?;
    }
    if markers.restarts {
        bits.take(16)?;
    }
    for _ in 0..markers.scans {
        points(&mut bits)?;
    }
    let mut loose = Vec::new();
    for _ in 0..markers.between {
        loose.push(bits.size(16)?);
    }
    loose.push(usize::try_from(bits.number(&TAIL)?).ok()?);
    if bits.take(1)? == 1 {
        let count = bits.size(24)?;
        bits.at = bits.at.checked_add(count)?;
    }
    let header = bits.at.div_ceil(8);
    (header <= bytes.len()).then_some(Layout { header, segments, loose })
}

/// How many there are of each marker that has fields of its own.
#[derive(Debug, Default)]
struct Markers {
    applications: u32,
    comments: u32,
    scans: u32,
    /// Bytes between segments, which 0xff stands for.
    between: u32,
    restarts: bool,
}

impl Markers {
    /// Reads markers, six bits each, up to the end of the image.
    fn read(bits: &mut Bits<'_>) -> Option<Markers> {
        let mut markers = Markers::default();
        for _ in 0..MOST_MARKERS {
            let count = match bits.take(6)?.checked_add(0xc0)? {
                0xd9 => return Some(markers),
                0xe0..=0xef => &mut markers.applications,
                0xfe => &mut markers.comments,
                0xda => &mut markers.scans,
                0xff => &mut markers.between,
                0xdd => {
                    markers.restarts = true;
                    continue;
                }
                _ => continue,
            };
            *count = count.checked_add(1)?;
        }
        None
    }
}

/// The lengths of segments that the stream holds: those of a colour profile, Exif and XMP are other boxes' content.
fn segments(bits: &mut Bits<'_>, markers: &Markers) -> Option<Vec<usize>> {
    let mut found = Vec::new();
    for _ in 0..markers.applications {
        let kind = bits.number(&SEGMENT_KIND)?;
        let size = bits.size(16)?.checked_add(1)?;
        if kind == 0 {
            found.push(size);
        }
    }
    for _ in 0..markers.comments {
        found.push(bits.size(16)?.checked_add(1)?);
    }
    Some(found)
}

/// Quantisation tables (precision, place, whether the last), components, and which table each has.
fn tables(bits: &mut Bits<'_>) -> Option<()> {
    const GREY: u32 = 0;
    const OTHER: u32 = 3;
    for _ in 0..bits.number(&FROM_ONE)? {
        bits.take(4)?;
    }
    let kind = bits.take(2)?;
    let components = match kind {
        GREY => 1,
        OTHER => bits.number(&FROM_ONE)?,
        _ => 3,
    };
    if kind == OTHER {
        for _ in 0..components {
            bits.take(8)?;
        }
    }
    for _ in 0..components {
        bits.take(2)?;
    }
    Some(())
}

/// Huffman codes: class, place and whether the last; how many symbols of each length; the symbols.
fn codes(bits: &mut Bits<'_>) -> Option<()> {
    for _ in 0..bits.number(&CODES)? {
        bits.take(4)?;
        let mut symbols = 0u32;
        for _ in 0..=16 {
            symbols = symbols.checked_add(bits.number(&CODE_COUNT)?)?;
        }
        for _ in 0..symbols {
            bits.number(&SYMBOL)?;
        }
    }
    Some(())
}

/// The header of a scan: its components, the range of its coefficients, how they are refined, the last pass.
fn scan(bits: &mut Bits<'_>) -> Option<()> {
    let components = bits.number(&FROM_ONE)?;
    bits.take(6 + 6 + 4 + 4)?;
    for _ in 0..components {
        bits.take(6)?;
    }
    bits.number(&LAST_PASS)?;
    Some(())
}

/// Where a scan departs from what a decoder would expect.
fn points(bits: &mut Bits<'_>) -> Option<()> {
    for _ in 0..bits.number(&POINTS)? {
        bits.number(&DISTANCE)?;
    }
    for _ in 0..bits.number(&POINTS)? {
        bits.number(&RUNS)?;
        bits.number(&DISTANCE)?;
    }
    Some(())
}

/// Bits, the least significant of each byte first.
#[derive(Debug)]
struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn take(&mut self, count: u32) -> Option<u32> {
        let mut value = 0u32;
        for place in 0..count {
            let byte = *self.bytes.get(self.at.checked_div(8)?)?;
            let bit = u32::from(byte >> (self.at & 7) & 1);
            value |= bit.checked_shl(place)?;
            self.at = self.at.checked_add(1)?;
        }
        Some(value)
    }

    fn size(&mut self, count: u32) -> Option<usize> {
        usize::try_from(self.take(count)?).ok()
    }

    fn number(&mut self, ranges: &Ranges) -> Option<u32> {
        let choice = self.size(2)?;
        let (start, count) = *ranges.get(choice)?;
        self.take(count)?.checked_add(start)
    }
}
