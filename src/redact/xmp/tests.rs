#![forbid(unsafe_code)]

use proptest::prelude::*;

use super::*;
use crate::redact::tests::laws;
use crate::redact::{Budget, Patches};

const HEAD: &str = r#"<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">"#;
const TAIL: &str = "</rdf:RDF></x:xmpmeta>";

fn packet(description: &str) -> Vec<u8> {
    format!("{HEAD}{description}{TAIL}").into_bytes()
}

fn redacted(packet: &[u8]) -> Result<Vec<u8>, ScanError> {
    let mut scan = Scan::new(&packet, Budget::STANDARD);
    let whole = scan.whole();
    self::scan(&mut scan, whole)?;
    let mut bytes = packet.to_vec();
    Patches::new(scan.finish()).apply(0, &mut bytes);
    Ok(bytes)
}

fn text(packet: &[u8]) -> String {
    laws::seed(packet);
    let squeezed = String::from_utf8_lossy(&redacted(packet).unwrap()).into_owned();
    squeezed.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn attributes_and_elements_go_and_the_rest_stays() {
    let exif = r#"xmlns:exif="http://ns.adobe.com/exif/1.0/""#;
    let table = [
        (
            format!(r#"<rdf:Description {exif} exif:GPSLatitude="48,51N" a:b="c"/>"#),
            format!(r#"<rdf:Description {exif} a:b="c"/>"#),
        ),
        (
            format!(
                r#"<rdf:Description {exif}><exif:GPSLatitude>4</exif:GPSLatitude><k:l>m</k:l></rdf:Description>"#
            ),
            format!(r#"<rdf:Description {exif}> <k:l>m</k:l></rdf:Description>"#),
        ),
        (
            r#"<d xmlns:e="http://ns.adobe.com/photoshop/1.0/" e:City="P" e:Credit="Q"/>"#.into(),
            r#"<d xmlns:e="http://ns.adobe.com/photoshop/1.0/" e:City=" " e:Credit="Q"/>"#.into(),
        ),
        (
            r#"<d><i:LocationCreated><rdf:Bag><rdf:li c="1"/></rdf:Bag></i:LocationCreated></d>"#.into(),
            "<d> </d>".into(),
        ),
        (
            r#"<d><e:GPSLatitude/><!-- <e:GPSx> --><f>g</f></d>"#.into(),
            "<d> <!-- <e:GPSx> --><f>g</f></d>".into(),
        ),
        (
            r#"<d><exif:SubjectLocation>1</exif:SubjectLocation></d>"#.into(),
            "<d><exif:SubjectLocation>1</exif:SubjectLocation></d>".into(),
        ),
        (
            r#"<d><c:CreatorCity>1</c:CreatorCity><c:City>2</c:City></d>"#.into(),
            "<d><c:CreatorCity>1</c:CreatorCity><c:City>2</c:City></d>".into(),
        ),
    ];
    for (before, after) in table {
        assert_eq!(text(&packet(&before)), text(&packet(&after)), "{before}");
        assert!(text(&packet(&after)).contains(&after), "{after}");
    }
}

#[test]
fn wide_characters_are_followed() {
    let narrow = String::from_utf8(packet(r#"<d exif:GPSLatitude="1" e:f="g"/>"#)).unwrap();
    for (unit, big) in [(2, false), (2, true), (4, false), (4, true)] {
        let wide: Vec<u8> = narrow
            .bytes()
            .flat_map(|byte| {
                let mut unit = vec![0; unit];
                let low = if big { unit.len() - 1 } else { 0 };
                unit[low] = byte;
                unit
            })
            .collect();
        let after = redacted(&wide).unwrap();
        let back: Vec<u8> = after.iter().copied().filter(|byte| *byte != 0).collect();
        assert!(!String::from_utf8_lossy(&back).contains("GPS"), "{unit} {big}");
        assert!(String::from_utf8_lossy(&back).contains(r#"e:f="g""#), "{unit} {big}");
        assert_eq!(after.len(), wide.len());
    }
}

#[test]
fn what_is_not_well_formed_is_refused_where_it_may_tell_a_place() {
    for bad in [
        "<d><exif:GPSLatitude>1</d>",
        "<!DOCTYPE x [<!ENTITY a 'b'>]><d City='1'/>",
        "<d exif:GPSLatitude=\"1",
    ] {
        assert!(matches!(redacted(&packet(bad)), Err(ScanError::Malformed(_))), "{bad}");
    }
    assert!(redacted(b"<a><b>").is_ok());
}

proptest! {
    #[test]
    fn no_cut_packet_shows_the_location(cut in 0usize..260) {
        let whole = packet(r#"<d xmlns:exif="http://ns.adobe.com/exif/1.0/" exif:GPSLatitude="48,51.5022N"/>"#);
        let part = &whole[..cut.min(whole.len())];
        if let Ok(after) = redacted(part) {
            prop_assert!(memchr::memmem::find(&after, b"48,51").is_none());
        }
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = redacted(&bytes);
    }
}

#[test]
fn coordinates_by_any_name_go_and_the_latitude_of_light_stays() {
    let shown = text(&packet(
        "<d dwc:decimalLatitude='48.85' dwc:verbatimLongitude='2 17 40 E' dwc:coordinateUncertaintyInMeters='30' \
         exifEX:ISOSpeedLatitudeyyy='200' xmpDM:location='Paris' xmpDM:scene='keep'><my:startLongitude>2.29</my:startLongitude></d>",
    ));
    for gone in ["48.85", "2 17 40", "30", "Paris", "2.29"] {
        assert!(!shown.contains(gone), "{shown}");
    }
    assert!(shown.contains("ISOSpeedLatitudeyyy='200'") && shown.contains("scene='keep'"), "{shown}");
}

#[test]
fn names_with_a_slash_are_names() {
    let told = packet(
        "<d><exif:TIFF/EPStandardID>1</exif:TIFF/EPStandardID><exif:GPSLatitude/x>48</exif:GPSLatitude/x></d>",
    );
    let shown = text(&told);
    assert!(shown.contains("<exif:TIFF/EPStandardID>1<") && !shown.contains("48"), "{shown}");
    assert!(text(&packet("<d><k:v/><exif:GPSLatitude>48</exif:GPSLatitude></d>")).contains("<k:v/>"));
}

#[test]
fn what_follows_the_end_of_a_packet_does_not_take_it_along() {
    let whole = packet("<d exif:GPSLatitude='48,51.504N' k:v='keep'/>");
    let rest = b"<?xpacket end='w'?>li>\n<d exif:GPSLatitude='48,51.504N' k:v='lost'/></x:xmpmeta>";
    let file = [&whole[..], rest].concat();
    let source = file.as_slice();
    let mut scan = Scan::new(&source, Budget::STANDARD);
    let all = scan.whole();
    scan_or_blank(&mut scan, all).unwrap();
    let mut shown = file.clone();
    Patches::new(scan.finish()).apply(0, &mut shown);
    let shown = String::from_utf8(shown).unwrap();
    assert!(shown.contains("k:v='keep'") && shown.contains("<?xpacket end='w'?>"), "{shown}");
    assert!(!shown.contains("48,51") && !shown.contains("lost"), "{shown}");
}
