//! The XMP properties that tell a place, by namespace and name.
//!
//! Sources: XMP specification part 2; IPTC Photo Metadata Standard; Exif 2.32 in XMP; the vendors' namespaces.

#![forbid(unsafe_code)]

use crate::redact::Classes;

/// A namespace some of whose properties tell a place.
struct Namespace {
    /// Its URI, without a trailing slash or hash.
    uri: &'static str,
    /// The prefix it has by custom, for packets that bind that to something else.
    prefix: &'static str,
    names: &'static [&'static str],
    /// Whether they are names in words: an empty text is one too, so the property stays and its value goes.
    words: bool,
}

/// What becomes of a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Stays,
    /// The property stays without a value.
    Emptied,
    /// Name and value go.
    Removed,
}

/// Every property, whatever its name.
const ALL: &[&str] = &[];

const NAMESPACES: &[Namespace] = &[
    Namespace {
        uri: "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns",
        prefix: "Iptc4xmpCore",
        names: &["Location", "CountryCode"],
        words: true,
    },
    Namespace {
        uri: "http://iptc.org/std/Iptc4xmpExt/2008-02-29",
        prefix: "Iptc4xmpExt",
        names: &[
            "City",
            "Sublocation",
            "ProvinceState",
            "CountryName",
            "CountryCode",
            "WorldRegion",
            "LocationId",
            "LocationName",
        ],
        words: true,
    },
    Namespace {
        uri: "http://ns.adobe.com/photoshop/1.0",
        prefix: "photoshop",
        names: &["City", "State", "Country"],
        words: true,
    },
    Namespace {
        uri: "http://www.dji.com/drone-dji/1.0",
        prefix: "drone-dji",
        names: &["AbsoluteAltitude", "RelativeAltitude", "HomeAltitude"],
        words: false,
    },
    Namespace {
        uri: "http://pix4d.com/camera/1.0",
        prefix: "Camera",
        names: &["AboveGroundAltitude"],
        words: false,
    },
    Namespace {
        uri: "http://rs.tdwg.org/dwc/terms",
        prefix: "dwc",
        names: &[
            "continent",
            "coordinatePrecision",
            "coordinateUncertaintyInMeters",
            "country",
            "countryCode",
            "county",
            "footprintSRS",
            "footprintSpatialFit",
            "footprintWKT",
            "geodeticDatum",
            "georeferenceProtocol",
            "georeferenceRemarks",
            "georeferenceSources",
            "georeferenceVerificationStatus",
            "georeferencedBy",
            "georeferencedDate",
            "higherGeography",
            "higherGeographyID",
            "island",
            "islandGroup",
            "locality",
            "locationAccordingTo",
            "locationID",
            "locationRemarks",
            "maximumDepthInMeters",
            "maximumDistanceAboveSurfaceInMeters",
            "maximumElevationInMeters",
            "minimumDepthInMeters",
            "minimumDistanceAboveSurfaceInMeters",
            "minimumElevationInMeters",
            "municipality",
            "pointRadiusSpatialFit",
            "stateProvince",
            "verbatimCoordinateSystem",
            "verbatimCoordinates",
            "verbatimDepth",
            "verbatimElevation",
            "verbatimLocality",
            "verbatimSRS",
            "waterBody",
        ],
        words: true,
    },
    Namespace {
        uri: "http://purl.org/dc/terms",
        prefix: "dcterms",
        names: &["Location", "spatial"],
        words: true,
    },
    Namespace {
        uri: "http://ns.adobe.com/xmp/1.0/DynamicMedia",
        prefix: "xmpDM",
        names: &["shotLocation", "location"],
        words: true,
    },
    Namespace {
        uri: "http://ns.iview-multimedia.com/mediapro/1.0",
        prefix: "mediapro",
        names: &["Location"],
        words: true,
    },
    Namespace {
        uri: "http://ns.microsoft.com/expressionmedia/1.0",
        prefix: "expressionmedia",
        names: &["Location"],
        words: true,
    },
    Namespace {
        uri: "http://prismstandard.org/namespaces/pmi/2.2",
        prefix: "pmi",
        names: &["location"],
        words: true,
    },
    Namespace {
        uri: "http://prismstandard.org/namespaces/basic/2.0",
        prefix: "prism",
        names: &["location"],
        words: true,
    },
    Namespace {
        uri: "http://ns.camerabits.com/photomechanic/1.0",
        prefix: "photomech",
        names: &["CountryCode"],
        words: true,
    },
    Namespace { uri: "http://developer.sonyericsson.com/cell/1.0", prefix: "cell", names: ALL, words: false },
    Namespace {
        uri: "http://ns.google.com/photos/dd/1.0/earthpose",
        prefix: "EarthPose",
        names: ALL,
        words: false,
    },
    Namespace {
        uri: "http://www.dji.com/share/1.0",
        prefix: "share",
        names: &["Lat", "Lon", "AbsAlt"],
        words: false,
    },
    Namespace { uri: "http://www.geotate.com/ns/geotate", prefix: "Geotate", names: ALL, words: false },
];

/// Names that tell a place in whatever namespace, lower case; so do all that begin with `gps`.
const ANYWHERE: &[&str] = &[
    "locationcreated",
    "locationshown",
    // iXML, in sound recordings.
    "location_name",
    "location_gps",
    "location_altitude",
    "earthpose",
    "earthpos",
    "shotlocation",
    "geolocation",
    "geotag",
    "lat",
    "lon",
    "lng",
];

/// Parts of names that tell a place in whatever namespace, lower case, and the only names with them that do not: what
/// light a picture bears.
const PARTS: [&[u8]; 3] = [b"latitude", b"longitude", b"longtitude"];
const LIGHT: [&[u8]; 2] = [b"isospeedlatitude", b"exposurelatitude"];

/// What becomes of the property `local` of the namespace `uri`, written with `prefix`, and what it tells.
pub(super) fn fate(uri: Option<&[u8]>, prefix: &[u8], local: &[u8]) -> (Fate, Classes) {
    // Some readers take a sign that no name may have for the end of it.
    let local = local.split(|byte| *byte == b'/').next().unwrap_or_default();
    let lower = local.to_ascii_lowercase();
    let coordinate = PARTS.iter().any(|part| memchr::memmem::find(&lower, part).is_some())
        && !LIGHT.iter().any(|light| lower.starts_with(light));
    if lower.starts_with(b"gps") {
        return (Fate::Removed, gps(&lower));
    }
    if coordinate {
        return (Fate::Removed, Classes::COORDINATES);
    }
    if ANYWHERE.iter().any(|name| name.as_bytes() == lower) {
        return (Fate::Removed, Classes::FIX.and(Classes::PLACES));
    }
    let uri = uri.map(trimmed);
    let mut spaces = NAMESPACES.iter().filter(|space| {
        let named = space.names.is_empty()
            || space.names.iter().any(|name| name.as_bytes().eq_ignore_ascii_case(local));
        named
            && (space.prefix.as_bytes().eq_ignore_ascii_case(prefix)
                || uri.is_some_and(|uri| space.uri.as_bytes().eq_ignore_ascii_case(uri)))
    });
    match spaces.next() {
        Some(space) if space.prefix == "dwc" => (Fate::Emptied, Classes::WHERE),
        Some(space) if space.words => (Fate::Emptied, Classes::PLACES),
        Some(_) => (Fate::Removed, Classes::FIX.and(Classes::PLACES)),
        None => (Fate::Stays, Classes::ALL),
    }
}

/// What a property tells whose name, lower case, begins with `gps`: those of Exif are known, others may tell anything.
fn gps(name: &[u8]) -> Classes {
    const COORDINATES: [&[u8]; 2] = [b"altitude", b"dest"];
    const MOTION: [&[u8]; 5] = [b"speed", b"track", b"imgdirection", b"destbearing", b"destdistance"];
    const AUXILIARY: [&[u8]; 12] = [
        b"time",
        b"date",
        b"satellites",
        b"status",
        b"measuremode",
        b"dop",
        b"hdop",
        b"mapdatum",
        b"differential",
        b"hpositioningerror",
        b"version",
        b"valid",
    ];
    let rest = name.get(3..).unwrap_or_default();
    let is = |names: &[&[u8]]| names.iter().any(|known| rest.starts_with(known));
    if PARTS.iter().any(|part| memchr::memmem::find(rest, part).is_some()) {
        Classes::COORDINATES
    } else if is(&MOTION) {
        Classes::MOTION
    } else if is(&AUXILIARY) {
        Classes::AUXILIARY
    } else if is(&COORDINATES) {
        Classes::COORDINATES
    } else {
        Classes::FIX.and(Classes::PLACES)
    }
}

/// A URI without the separators that writers add or leave out at its end.
fn trimmed(uri: &[u8]) -> &[u8] {
    let end = uri
        .iter()
        .rposition(|byte| !matches!(byte, b'/' | b'#' | b' '))
        .map_or(0, |last| last.saturating_add(1));
    uri.get(..end).unwrap_or_default()
}

/// Whether a text that is not well-formed has anything like the name of such a property.
pub(super) fn hinted(text: &[u8]) -> bool {
    const HINTS: &[&[u8]] = &[
        b"gps",
        b"locat",
        b"city",
        b"state",
        b"country",
        b"itude",
        b"earthpos",
        b"cell:",
        b"dwc:",
        b"sublocation",
        b"locality",
        b"geo",
    ];
    let mut lower = text.to_ascii_lowercase();
    lower.retain(|byte| *byte != 0);
    HINTS.iter().any(|hint| memchr::memmem::find(&lower, hint).is_some())
}
