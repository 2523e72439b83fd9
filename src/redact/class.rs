//! What a location is made of, sorted by what it tells, so that less than all of it may be hidden.
//!
//! A part of a file that may hold several classes and cannot be taken apart is hidden if any of them is to be.

#![forbid(unsafe_code)]

use serde::Deserialize;

/// A set of classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "Vec<String>")]
pub struct Classes(u8);

/// A list of classes that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoClasses {
    /// A name that no class has.
    #[error("no class `{0}`: there are coordinates, motion, auxiliary, places, geotiff")]
    Unknown(String),
    /// To hide nothing is what ACCESS_MEDIA_LOCATION is for.
    #[error("at least one class has to be hidden")]
    None,
}

impl Classes {
    /// Latitude, longitude, altitude.
    pub const COORDINATES: Classes = Classes(1);
    /// Speed, track, heading.
    pub const MOTION: Classes = Classes(2);
    /// What belongs to a fix: time, datum, quality.
    pub const AUXILIARY: Classes = Classes(4);
    /// Names of places.
    pub const PLACES: Classes = Classes(8);
    /// The map references of GeoTIFF.
    pub const GEOTIFF: Classes = Classes(16);
    /// All of them.
    pub const ALL: Classes = Classes(31);
    /// What a receiver tells.
    pub(super) const FIX: Classes = Classes(1 | 2 | 4);
    /// A place by its coordinates or by its name.
    pub(super) const WHERE: Classes = Classes(1 | 8);

    const NAMES: [(&'static str, Classes); 5] = [
        ("coordinates", Classes::COORDINATES),
        ("motion", Classes::MOTION),
        ("auxiliary", Classes::AUXILIARY),
        ("places", Classes::PLACES),
        ("geotiff", Classes::GEOTIFF),
    ];

    /// The classes of these names.
    ///
    /// # Errors
    /// [`NoClasses`]
    pub fn of_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Classes, NoClasses> {
        let mut set = Classes(0);
        for name in names {
            let known = Classes::NAMES.iter().find(|(known, _)| *known == name);
            let (_, class) = known.ok_or_else(|| NoClasses::Unknown(name.to_owned()))?;
            set = set.and(*class);
        }
        if set == Classes(0) { Err(NoClasses::None) } else { Ok(set) }
    }

    /// Their names.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Classes::NAMES.iter().filter(move |(_, class)| self.meets(*class)).map(|(name, _)| *name)
    }

    /// These and those.
    #[must_use]
    pub const fn and(self, others: Classes) -> Classes {
        Classes(self.0 | others.0)
    }

    /// Whether any class is in both.
    pub const fn meets(self, others: Classes) -> bool {
        self.0 & others.0 != 0
    }

    /// All but these.
    pub(super) const fn missing(self) -> u8 {
        Classes::ALL.0 & !self.0
    }

    /// For storing.
    pub(super) const fn bits(self) -> u8 {
        self.0
    }

    /// What [`Classes::bits`] gave; `None` for what it does not give.
    pub(super) fn of_bits(bits: u8) -> Option<Classes> {
        (bits != 0 && bits & !Classes::ALL.0 == 0).then_some(Classes(bits))
    }
}

impl Default for Classes {
    fn default() -> Classes {
        Classes::ALL
    }
}

impl std::fmt::Display for Classes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, name) in self.names().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            f.write_str(name)?;
        }
        Ok(())
    }
}

impl std::str::FromStr for Classes {
    type Err = NoClasses;

    /// Names with commas between them.
    fn from_str(list: &str) -> Result<Classes, NoClasses> {
        Classes::of_names(list.split(',').map(str::trim).filter(|name| !name.is_empty()))
    }
}

impl TryFrom<Vec<String>> for Classes {
    type Error = NoClasses;

    fn try_from(names: Vec<String>) -> Result<Classes, NoClasses> {
        Classes::of_names(names.iter().map(String::as_str))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_make_a_set_and_a_set_has_names() {
        let set = Classes::of_names(["geotiff", "coordinates"]).unwrap();
        assert_eq!(set, Classes::COORDINATES.and(Classes::GEOTIFF));
        assert_eq!(set.names().collect::<Vec<_>>(), ["coordinates", "geotiff"]);
        assert_eq!(Classes::of_names(Classes::ALL.names()), Ok(Classes::ALL));
        assert_eq!("coordinates, geotiff".parse(), Ok(set));
        assert_eq!("".parse::<Classes>(), Err(NoClasses::None));
        assert_eq!(Classes::of_names(["place"]), Err(NoClasses::Unknown("place".into())));
        assert_eq!(Classes::of_bits(set.bits()), Some(set));
        assert_eq!((Classes::of_bits(0), Classes::of_bits(32)), (None, None));
    }
}
