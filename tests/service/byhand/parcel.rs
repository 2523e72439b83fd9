//! Parcels as AOSP's libbinder writes and reads them.

use std::os::fd::{AsRawFd, BorrowedFd};

/// `BINDER_TYPE_BINDER`, `_HANDLE`, `_FD`.
const BINDER: u32 = 0x7362_2a85;
const HANDLE: u32 = 0x7368_2a85;
const DESCRIPTOR: u32 = 0x6664_2a85;
/// What AOSP writes as the flags of a descriptor or a binder.
const FLAGS: u32 = 0x17f;
/// System stability.
const SYSTEM: i32 = 0b00_1100;

/// A parcel that is written.
#[derive(Debug, Default)]
pub(crate) struct Written {
    pub(crate) data: Vec<u8>,
    pub(crate) objects: Vec<u64>,
}

impl Written {
    pub(crate) fn new() -> Written {
        Written::default()
    }

    /// The interface token: strict mode, work source, the system's mark, the name.
    pub(crate) fn token(self, name: &str) -> Written {
        self.int(0).int(-1).int(0x5359_5354).string(name)
    }

    pub(crate) fn int(mut self, value: i32) -> Written {
        self.data.extend(value.to_ne_bytes());
        self
    }

    /// A string of UTF-16 with its length in front, a zero behind, and padding.
    pub(crate) fn string(mut self, text: &str) -> Written {
        let units: Vec<u16> = text.encode_utf16().collect();
        self = self.int(i32::try_from(units.len()).expect("a short string"));
        self.data.extend(units.iter().chain(&[0]).flat_map(|unit| unit.to_ne_bytes()));
        self.data.resize(self.data.len().next_multiple_of(4), 0);
        self
    }

    pub(crate) fn descriptor(mut self, file: BorrowedFd<'_>) -> Written {
        self.objects.push(self.data.len() as u64);
        self.forged(file.as_raw_fd())
    }

    /// The bytes of a descriptor that the driver is not told of.
    pub(crate) fn forged(mut self, number: i32) -> Written {
        self.data.extend(DESCRIPTOR.to_ne_bytes());
        self.data.extend(FLAGS.to_ne_bytes());
        self.data.extend(i64::from(number).to_ne_bytes());
        self.data.extend(0u64.to_ne_bytes());
        self
    }

    /// An object of this process.
    pub(crate) fn binder(mut self, number: u64) -> Written {
        self.objects.push(self.data.len() as u64);
        self.data.extend(BINDER.to_ne_bytes());
        self.data.extend(FLAGS.to_ne_bytes());
        self.data.extend(number.to_ne_bytes());
        self.data.extend(number.to_ne_bytes());
        self.int(SYSTEM)
    }

    pub(crate) fn no_binder(mut self) -> Written {
        self.data.extend(BINDER.to_ne_bytes());
        self.data.extend([0; 20]);
        self.int(0)
    }
}

/// A parcel that was delivered.
#[derive(Debug)]
pub(crate) struct Delivered {
    data: Vec<u8>,
    at: usize,
}

impl Delivered {
    pub(crate) fn new(data: Vec<u8>) -> Delivered {
        Delivered { data, at: 0 }
    }

    fn take<const N: usize>(&mut self) -> [u8; N] {
        let bytes = self.data.get(self.at..self.at + N).expect("there is more in the parcel");
        self.at += N;
        bytes.try_into().expect("as many as were taken")
    }

    pub(crate) fn int(&mut self) -> i32 {
        i32::from_ne_bytes(self.take())
    }

    pub(crate) fn long(&mut self) -> u64 {
        u64::from_ne_bytes(self.take())
    }

    pub(crate) fn string(&mut self) -> String {
        let length = usize::try_from(self.int()).expect("no null string");
        let units: Vec<u16> = (0..length).map(|_| u16::from_ne_bytes(self.take())).collect();
        self.at = (self.at + 2).next_multiple_of(4);
        String::from_utf16(&units).expect("it is UTF-16")
    }

    /// The name in an interface token.
    pub(crate) fn token(&mut self) -> String {
        let _strict_mode_work_source_mark = [self.int(), self.int(), self.int()];
        self.string()
    }

    /// The handle of somebody's object.
    pub(crate) fn handle(&mut self) -> Option<u32> {
        let kind = self.int().cast_unsigned();
        let _flags = self.int();
        let handle = u32::try_from(self.long() & 0xffff_ffff).expect("it was cut");
        let _cookie = self.long();
        (kind == HANDLE).then_some(handle)
    }

    pub(crate) fn has_more(&self) -> bool {
        self.at < self.data.len()
    }
}
