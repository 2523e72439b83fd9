//! The mark in the name of a pending or trashed file: its state and when its time comes.

#![forbid(unsafe_code)]

use super::State;

/// Bytes that a name may have.
const LONGEST: usize = 255;
/// What Android puts before the name of such a file, in any case of ASCII letters.
const PREFIXES: [(&str, State); 2] = [(".pending-", State::Pending), (".trashed-", State::Trashed)];

/// `.pending-<seconds>-<name>` or `.trashed-<seconds>-<name>`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mark<'a> {
    /// Which of the two.
    pub state: State,
    /// When the file is to be removed, seconds since 1970.
    pub expires: i64,
    prefix: &'a str,
    name: &'a str,
}

impl<'a> Mark<'a> {
    /// The mark of a name as it stands on the lower file system; `None` for one that only resembles it, among them a
    /// name that another folding than that of ASCII makes one, and a time that no clock shows.
    pub fn of(name: &'a str) -> Option<Mark<'a>> {
        PREFIXES.iter().find_map(|(known, state)| {
            let (prefix, rest) = name.split_at_checked(known.len())?;
            let (seconds, name) = rest.split_once('-')?;
            let digits = seconds.bytes().all(|byte| byte.is_ascii_digit());
            let marked = prefix.eq_ignore_ascii_case(known) && digits && !name.is_empty();
            let expires = seconds.parse().ok().filter(|_| marked)?;
            Some(Mark { state: *state, expires, prefix, name })
        })
    }

    /// When the file of a name, which may be no text, is to be removed.
    pub fn expiry(name: &[u8]) -> Option<i64> {
        std::str::from_utf8(name).ok().and_then(Mark::of).map(|mark| mark.expires)
    }

    /// The name of a file in this state until then.
    pub fn put(state: State, expires: i64, name: &str) -> String {
        let prefix = PREFIXES.iter().find(|(_, of)| *of == state).map_or("", |(prefix, _)| prefix);
        if prefix.is_empty() { name.to_owned() } else { format!("{prefix}{expires}-{name}") }
    }

    /// The name without the mark.
    pub fn plain(&self) -> &'a str {
        self.name
    }

    /// The same name with another time. Where that makes it too long, the end of what stands before the extension goes.
    pub fn until(&self, expires: i64) -> String {
        let marked = format!("{}{expires}-", self.prefix);
        let room = LONGEST.saturating_sub(marked.len());
        marked + &shortened(self.name, room)
    }
}

fn shortened(name: &str, room: usize) -> String {
    if name.len() <= room {
        return name.to_owned();
    }
    let dot = name.rfind('.').filter(|dot| name.len().saturating_sub(*dot) < room).unwrap_or(name.len());
    let (stem, extension) = name.split_at_checked(dot).unwrap_or((name, ""));
    let most = room.saturating_sub(extension.len());
    let end = (0..=most).rev().find(|end| stem.is_char_boundary(*end)).unwrap_or(0);
    stem.get(..end).unwrap_or_default().to_owned() + extension
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_read_and_renewed() {
        let mark = Mark::of(".Pending-1700000000-a-b.jpg").unwrap();
        assert_eq!((mark.state, mark.expires), (State::Pending, 1_700_000_000));
        assert_eq!(mark.until(7), ".Pending-7-a-b.jpg");
        assert_eq!(Mark::of(".trashed-0-x").unwrap().state, State::Trashed);
        let put = Mark::put(State::Trashed, 9, "x.jpg");
        assert_eq!((put.as_str(), Mark::of(&put).unwrap().plain()), (".trashed-9-x.jpg", "x.jpg"));
        assert_eq!(Mark::put(State::Normal, 9, "x.jpg"), "x.jpg");
    }

    #[test]
    fn a_renewed_mark_leaves_a_name_that_can_be_given() {
        for (name, kept) in [
            (format!("{}.jpg", "a".repeat(237)), format!("{}.jpg", "a".repeat(231))),
            (format!("{}.jpg", "é".repeat(118)), format!("{}.jpg", "é".repeat(115))),
            ("a".repeat(240), "a".repeat(235)),
            (format!("a.{}", "x".repeat(238)), format!("a.{}", "x".repeat(233))),
        ] {
            let marked = format!(".trashed-1-{name}");
            let renewed = Mark::of(&marked).unwrap().until(1_700_000_000);
            assert_eq!(renewed, format!(".trashed-1700000000-{kept}"));
            assert!(renewed.len() <= LONGEST, "{}", renewed.len());
        }
    }

    #[test]
    fn what_only_resembles_a_mark_is_none() {
        let long = ".trashed-99999999999999999999-a";
        let ignorable = ".trash\u{200b}ed-1-a";
        for name in [
            ".pending--a",
            ".pending-x-a",
            ".pending-1-",
            ".pending-1",
            "pending-1-a",
            ".pending-+1-a",
            ".pending-1a-a",
            " .pending-1-a",
            ".trashed 1-a",
            ".deleted-1-a",
            "",
            ".",
            long,
            ignorable,
            ".pendin\u{261}-1-a",
        ] {
            assert_eq!(Mark::of(name), None, "{name:?}");
        }
    }

    /// What has a mark is in that state for the policy, too.
    #[test]
    fn the_state_agrees_with_the_folded_name() {
        for name in [".pending-1-a", ".TRASHED-2-b", "plain", ".pending-x"] {
            let state = Mark::of(name).map_or(State::Normal, |mark| mark.state);
            assert_eq!(State::of_name(&name.to_lowercase()).0, state, "{name}");
        }
    }
}
