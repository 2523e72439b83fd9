#![forbid(unsafe_code)]

use crate::redact::tests::laws::{self, LINE, SENTENCE, holds, redacted};
use crate::redact::{Budget, Plan, plan};

const TIMES: &[u8] = b"1\r\n00:00:00,000 --> 00:00:01,000\r\n";

#[test]
fn lines_of_drones_and_receivers_lose_the_position() {
    let after = redacted(&[TIMES, LINE, b"\r\n\r\n", TIMES, SENTENCE, b"\r\n"].concat());
    assert!(after.starts_with(TIMES) && holds(&after, b"[iso : 100] [latitude:          ]"));
    let older = b"HOME(2.2945,48.858370) 2017.08.05\nGPS(2.2945,48.858370,16) BAROMETER:1.9 ISO:100\n";
    let after = redacted(&[TIMES, older].concat());
    assert!(!holds(&after, b"2.2945") && !holds(&after, b"1.9") && holds(&after, b"ISO:100"));
}

#[test]
fn other_forms_and_wide_characters_are_known() {
    redacted(&[b"WEBVTT\n\n00:00.000 --> 00:01.000\n", LINE].concat());
    redacted(&[b"[Script Info]\nTitle: flight\n\nDialogue: 0,", LINE].concat());
    let text = [TIMES, LINE].concat();
    let wide: Vec<u8> =
        [0xfeff].into_iter().chain(text.iter().copied().map(u16::from)).flat_map(u16::to_le_bytes).collect();
    let after = laws::seen(&wide, &Budget::STANDARD).unwrap();
    assert_ne!(after, wide);
    let narrow: Vec<u8> = after.iter().copied().filter(|byte| *byte != 0).collect();
    assert!(!holds(&narrow, b"48.85") && holds(&narrow, b"[iso : 100]"));
}

#[test]
fn subtitles_that_speak_of_places_are_clean() {
    let text = [TIMES, b"What is our latitude? The long way: 3.5 miles.\n"].concat();
    assert_eq!(plan(&text.as_slice(), None, &Budget::STANDARD).unwrap(), Plan::Clean);
}

#[test]
fn low_resolution_copies_and_thumbnails_are_what_their_content_is() {
    let after = redacted(&laws::cover());
    assert!(matches!(
        plan(&laws::cover().as_slice(), Some("THM"), &Budget::STANDARD).unwrap(),
        Plan::Ranges(_)
    ));
    assert!(holds(&after, b"Mediagate"));
}

#[test]
fn a_file_cut_anywhere_or_a_small_budget_shows_nothing() {
    laws::cut_or_poor(&[TIMES, LINE].concat());
}

#[test]
fn lines_without_times_are_known_by_their_coordinates() {
    let text = b"1\n2017.08.05 14:11:51,393\n[latitude : -20.2533] [longtitude : 149.0251] [iso : 100]\n\n";
    let after = laws::seen(&text.repeat(3), &Budget::STANDARD).unwrap();
    assert!(!holds(&after, b"20.25") && !holds(&after, b"149.0") && holds(&after, b"[iso : 100]"));
    assert_eq!(plan(&after.as_slice(), None, &Budget::STANDARD).unwrap(), Plan::Clean);
}
