//! How values of ours stand in columns. The codes are part of the schema (migrations/0001.sql).

#![forbid(unsafe_code)]

use rusqlite::{Error, Result, Row};

use crate::policy::{AppOpMode, FileGrant, Kind, PackageName, State};

const KINDS: [Kind; 7] =
    [Kind::Image, Kind::Video, Kind::Audio, Kind::Playlist, Kind::Subtitle, Kind::Document, Kind::Other];

const STATES: [State; 3] = [State::Normal, State::Pending, State::Trashed];

const MODES: [FileGrant; 3] = [FileGrant::Selected, FileGrant::Read, FileGrant::Write];

const APP_OPS: [AppOpMode; 2] = [AppOpMode::Allow, AppOpMode::Deny];

/// The value whose code stands in a column.
fn decode<T: Copy>(values: &[T], index: usize, code: i64) -> Result<T> {
    let value = usize::try_from(code).ok().and_then(|position| values.get(position));
    value.copied().ok_or(Error::IntegralValueOutOfRange(index, code))
}

pub(super) fn kind_code(kind: Kind) -> i64 {
    match kind {
        Kind::Image => 0,
        Kind::Video => 1,
        Kind::Audio => 2,
        Kind::Playlist => 3,
        Kind::Subtitle => 4,
        Kind::Document => 5,
        Kind::Other => 6,
    }
}

pub(super) fn kind(row: &Row<'_>, index: usize) -> Result<Option<Kind>> {
    row.get::<_, Option<i64>>(index)?.map(|code| decode(&KINDS, index, code)).transpose()
}

pub(super) fn state_code(state: State) -> i64 {
    match state {
        State::Normal => 0,
        State::Pending => 1,
        State::Trashed => 2,
    }
}

pub(super) fn state(row: &Row<'_>, index: usize) -> Result<State> {
    decode(&STATES, index, row.get(index)?)
}

pub(super) fn mode_code(mode: FileGrant) -> i64 {
    match mode {
        FileGrant::Selected => 0,
        FileGrant::Read => 1,
        FileGrant::Write => 2,
    }
}

pub(super) fn mode(row: &Row<'_>, index: usize) -> Result<FileGrant> {
    decode(&MODES, index, row.get(index)?)
}

/// The default has no row.
pub(super) fn app_op_code(mode: AppOpMode) -> Option<i64> {
    match mode {
        AppOpMode::Default => None,
        AppOpMode::Allow => Some(0),
        AppOpMode::Deny => Some(1),
    }
}

pub(super) fn app_op(row: &Row<'_>, index: usize) -> Result<AppOpMode> {
    decode(&APP_OPS, index, row.get(index)?)
}

pub(super) fn package(row: &Row<'_>, index: usize) -> Result<PackageName> {
    row.get_ref(index)?.as_str().map(PackageName::new).map_err(Error::from)
}

pub(super) fn optional_package(row: &Row<'_>, index: usize) -> Result<Option<PackageName>> {
    Ok(row.get_ref(index)?.as_str_or_null().map_err(Error::from)?.map(PackageName::new))
}

/// An unsigned number of the kernel's; SQLite has signed columns only, so the same 64 bits are kept.
pub(super) fn unsigned(row: &Row<'_>, index: usize) -> Result<u64> {
    row.get::<_, i64>(index).map(i64::cast_unsigned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_leads_back_to_its_value() {
        assert!(KINDS.iter().all(|&kind| decode(&KINDS, 0, kind_code(kind)).unwrap() == kind));
        assert!(STATES.iter().all(|&state| decode(&STATES, 0, state_code(state)).unwrap() == state));
        assert!(MODES.iter().all(|&mode| decode(&MODES, 0, mode_code(mode)).unwrap() == mode));
        assert!(APP_OPS.iter().all(|&mode| decode(&APP_OPS, 0, app_op_code(mode).unwrap()).unwrap() == mode));
        assert!(decode(&MODES, 0, 3).is_err() && decode(&MODES, 0, -1).is_err());
    }
}
