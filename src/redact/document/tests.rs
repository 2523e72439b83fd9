#![forbid(unsafe_code)]

use crate::redact::tests::laws;
use crate::redact::{Budget, Plan, plan};
use crate::sample;

const CITY: &[u8] = b"\x1c\x02\x5a\0\x05Paris\x1c\x02\x69\0\x06Summer";

fn plan_of(file: &[u8]) -> Plan {
    plan(&file, None, &Budget::STANDARD).unwrap()
}

/// What is shown of a document that can be redacted, and is then clean.
fn shown(file: &[u8]) -> Vec<u8> {
    laws::seed(file);
    let Plan::Ranges(patches) = plan_of(file) else { panic!("{:?}", plan_of(file)) };
    let mut bytes = file.to_vec();
    patches.apply(0, &mut bytes);
    assert_eq!(bytes.len(), file.len());
    assert_eq!(plan_of(&bytes), Plan::Clean);
    bytes
}

fn holds(bytes: &[u8], needle: &[u8]) -> bool {
    memchr::memmem::find(bytes, needle).is_some()
}

fn resource() -> Vec<u8> {
    let size = u32::try_from(CITY.len()).unwrap().to_be_bytes();
    [&b"8BIM\x04\x04\0\0"[..], &size, CITY].concat()
}

fn stream(dictionary: &str, content: &[u8]) -> Vec<u8> {
    let size = content.len();
    let head = format!("1 0 obj\n<< {dictionary} /Length {size} >>\nstream\r\n");
    [head.as_bytes(), content, b"\nendstream\nendobj\n"].concat()
}

fn pdf(streams: &[Vec<u8>]) -> Vec<u8> {
    [&b"%PDF-1.4\n"[..], &streams.concat(), b"trailer << /Size 1 >>\n%%EOF\n"].concat()
}

fn deflated(content: &[u8]) -> Vec<u8> {
    miniz_oxide::deflate::compress_to_vec_zlib(content, 6)
}

fn postscript() -> Vec<u8> {
    let digits: Vec<String> = resource().iter().map(|byte| format!("{byte:02X}")).collect();
    let lines: Vec<String> = digits.chunks(16).map(|line| format!("% {}\r", line.concat())).collect();
    let (lines, packet) = (lines.concat(), sample::xmp_with_location());
    let size = resource().len();
    format!(
        "%!PS-Adobe-3.0 EPSF-3.0\r%BeginPhotoshop: {size}\r{lines}%EndPhotoshop\r\
         %begin_xml_packet: 1\r{packet}\r%end_xml_packet\r0 0 moveto\r"
    )
    .into_bytes()
}

/// `Paris` and `Summer` in digits, as they stand and as they are written again.
fn digits(text: &str) -> [Vec<u8>; 2] {
    let upper: String = text.bytes().map(|byte| format!("{byte:02X}")).collect();
    [upper.to_lowercase().into_bytes(), upper.into_bytes()]
}

#[test]
fn a_postscript_document_loses_its_places_and_keeps_the_rest() {
    let after = shown(&postscript());
    let plain: Vec<u8> = after.iter().copied().filter(|byte| !b"\r% ".contains(byte)).collect();
    assert!(!holds(&after, b"Paris") && !holds(&after, b"48,51"));
    assert!(digits("Paris").iter().all(|text| !holds(&plain, text)));
    assert!(digits("Summer").iter().any(|text| holds(&plain, text)));
    assert!(holds(&after, sample::TITLE.as_bytes()) && holds(&after, b"0 0 moveto"));
}

#[test]
fn a_document_cut_anywhere_shows_nothing() {
    let documents = [
        postscript(),
        pdf(&[stream("/Type /Metadata", sample::xmp_with_location().as_bytes()), stream("", &resource())]),
    ];
    for file in documents {
        for length in 0..file.len() {
            let mut bytes = file[..length].to_vec();
            match plan_of(&file[..length]) {
                Plan::Opaque(_) => continue,
                Plan::Clean => {}
                Plan::Ranges(patches) => patches.apply(0, &mut bytes),
            }
            assert!(!holds(&bytes, b"Paris") && !holds(&bytes, b"51.504N"), "cut at {length}");
        }
    }
}

#[test]
fn what_stands_in_a_pdf_document_as_it_is_is_changed() {
    let picture = sample::jpeg_with_location();
    let file = pdf(&[
        stream("/Type /Metadata /Subtype /XML", sample::xmp_with_location().as_bytes()),
        stream("/Subtype /Image /Filter /DCTDecode", &picture),
        stream("", &resource()),
    ]);
    let after = shown(&file);
    assert!(!holds(&after, b"Paris") && !holds(&after, b"48,51"));
    assert!(holds(&after, sample::MAKE.as_bytes()) && holds(&after, b"Summer"));
}

#[test]
fn what_is_compressed_in_a_pdf_document_is_looked_into() {
    let packet = deflated(sample::xmp_with_location().as_bytes());
    let metadata = "/Type /Metadata /Filter /FlateDecode";
    assert!(matches!(plan_of(&pdf(&[stream(metadata, &packet)])), Plan::Opaque(_)));
    let picture = deflated(&sample::jpeg_with_location());
    let image = "/Subtype /Image /Filter [/FlateDecode /DCTDecode]";
    assert!(matches!(plan_of(&pdf(&[stream(image, &picture)])), Plan::Opaque(_)));
    for (dictionary, content) in [
        (metadata, deflated(b"<a>nothing</a>")),
        (image, deflated(&sample::jpeg_clean())),
        ("/Filter /LZWDecode", b"a page".to_vec()),
        ("/Type /Metadata", b"<a>nothing</a>".to_vec()),
    ] {
        assert_eq!(plan_of(&pdf(&[stream(dictionary, &content)])), Plan::Clean, "{dictionary}");
    }
}

#[test]
fn what_cannot_be_read_in_a_pdf_document_is_refused() {
    for file in [
        pdf(&[stream("/Type /Metadata /Filter [/ASCII85Decode /FlateDecode]", b"abc")]),
        pdf(&[stream("/Type /Metadata /Filter /FlateDecode", b"no stream")]),
        [&pdf(&[])[..], b"<< /Encrypt 4 0 R >>"].concat(),
    ] {
        assert!(matches!(plan_of(&file), Plan::Opaque(_)));
    }
}
