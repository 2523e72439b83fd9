//! What is remembered of a file or directory: the rows, and the questions about them.

#![forbid(unsafe_code)]

use rusqlite::{Connection, OptionalExtension, Params, Row, params};

use super::{Changes, Store, StoreError, columns};
use crate::id::{FileId, Identity, MediaId, VolumeId};
use crate::policy::{Kind, PackageName, State};

const NANOS: i64 = 1_000_000_000;
/// How long the making of a file may take after its row was made, in seconds.
const MAKING: i64 = 10;
/// Steps of the clock by which lower file systems tell births, in seconds: a birth may seem to be that much earlier.
const CLOCK_STEP: i64 = 1;

/// By what the content of a lower file is known to be the same.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ContentVersion {
    /// Bytes.
    pub size: u64,
    /// Time of the last change of the content, nanoseconds since 1970.
    pub mtime_ns: i64,
    /// Time of the last change of the inode, nanoseconds since 1970.
    pub ctime_ns: i64,
}

/// One row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Its number.
    pub id: MediaId,
    /// The directory that it is in; `None` for the root of a volume.
    pub parent: Option<MediaId>,
    /// The volume that it is on.
    pub volume: VolumeId,
    /// Its name; empty for the root of a volume.
    pub name: Vec<u8>,
    /// Whether it is a directory.
    pub directory: bool,
    /// Kind on which name and content agree; `None` is unknown.
    pub kind: Option<Kind>,
    /// The package that made it.
    pub owner: Option<PackageName>,
    /// Whether it is finished.
    pub state: State,
    /// When it is to be removed, seconds since 1970.
    pub expires: Option<i64>,
    /// The lower file; [`Identity::NONE`] in a row that was made ahead of it. The device number may be another after a
    /// restart of the system.
    pub file: Identity,
    /// The content that `kind` was found for; `None` where nobody looked.
    pub version: Option<ContentVersion>,
    /// When the entry was made or first met, seconds since 1970; 0 where nobody said.
    pub created: i64,
}

/// A name with its key for comparison without regard to case.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EntryName<'a> {
    /// The name as it stands on the lower file system.
    pub bytes: &'a [u8],
    /// The folded name.
    pub folded: &'a [u8],
}

/// A row to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NewEntry<'a> {
    /// The directory that it is in.
    pub parent: MediaId,
    /// Its name there.
    pub name: EntryName<'a>,
    /// Whether it is a directory.
    pub directory: bool,
    /// See [`Entry::kind`].
    pub kind: Option<Kind>,
    /// See [`Entry::owner`].
    pub owner: Option<&'a PackageName>,
    /// See [`Entry::state`].
    pub state: State,
    /// See [`Entry::expires`].
    pub expires: Option<i64>,
    /// The lower file; [`Identity::NONE`] where it is still to be made.
    pub file: Identity,
    /// See [`Entry::version`].
    pub version: Option<ContentVersion>,
    /// See [`Entry::created`].
    pub created: i64,
}

/// Where an entry is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EntryPath {
    /// The volume.
    pub volume: VolumeId,
    /// The names from below the volume's root down to the entry; none for the root itself.
    pub names: Vec<Vec<u8>>,
}

/// The columns in the order in which [`entry`] reads them, as a literal for `concat!`.
macro_rules! select {
    ($($rest:expr),+) => {
        concat!(
            "SELECT id, parent, volume, name, directory, kind, owner, state, expires, dev, ino, size, mtime_ns, ",
            "ctime_ns, created, born FROM entries ",
            $($rest),+
        )
    };
}

/// Names, or files, that one question of [`Store::entries_named`] or [`Store::entries_of_all`] is for.
pub const NAMES: usize = 64;

/// [`NAMES`] parameters after the first one.
macro_rules! many_parameters {
    () => {
        "(?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?20,?21,?22,?23,?24,?25,?26,?27,?28,?29,?30,\
         ?31,?32,?33,?34,?35,?36,?37,?38,?39,?40,?41,?42,?43,?44,?45,?46,?47,?48,?49,?50,?51,?52,?53,?54,?55,?56,?57,\
         ?58,?59,?60,?61,?62,?63,?64,?65)"
    };
}

/// A parent, and [`NAMES`] names.
const BY_NAMES: &str = select!("WHERE parent = ?1 AND name IN ", many_parameters!());
/// A volume, and [`NAMES`] inode numbers.
const BY_INODES: &str = select!("WHERE volume = ?1 AND ino IN ", many_parameters!());

impl Store {
    /// The entry of that very name in a directory.
    ///
    /// # Errors
    /// SQLite's own, as for all questions below.
    pub fn entry(&self, parent: MediaId, name: &[u8]) -> Result<Option<Entry>, StoreError> {
        let found = self.read("find an entry", |connection| by_name(connection, parent, name))?;
        Ok(found.map(|entry| self.completed(entry)))
    }

    /// The entries of these very names in a directory, in no order; a name without one is left out. It asks once for
    /// every [`NAMES`] names.
    ///
    /// # Errors
    /// SQLite's own.
    pub fn entries_named(&self, parent: MediaId, names: &[&[u8]]) -> Result<Vec<Entry>, StoreError> {
        self.all_completed("find entries by their names", |connection| {
            let mut found = Vec::with_capacity(names.len());
            let mut statement = connection.prepare_cached(BY_NAMES)?;
            for some in names.chunks(NAMES) {
                statement.raw_bind_parameter(1, parent.raw())?;
                for place in 0..NAMES {
                    // No entry has the name of which the rest are.
                    statement.raw_bind_parameter(place + 2, some.get(place).unwrap_or(&b"".as_slice()))?;
                }
                let mut rows = statement.raw_query();
                while let Some(row) = rows.next()? {
                    found.push(entry(row)?);
                }
            }
            Ok(found)
        })
    }

    /// The entry of a number.
    ///
    /// # Errors
    /// SQLite's own.
    pub fn entry_by_id(&self, id: MediaId) -> Result<Option<Entry>, StoreError> {
        let found = self.read("find an entry by its number", |connection| by_id(connection, id))?;
        Ok(found.map(|entry| self.completed(entry)))
    }

    /// The entries of a directory whose names fold to the same key.
    ///
    /// # Errors
    /// SQLite's own.
    pub fn entries_folded(&self, parent: MediaId, folded: &[u8]) -> Result<Vec<Entry>, StoreError> {
        self.all_completed("find entries by their folded name", |connection| {
            many(
                connection,
                select!("WHERE parent = ?1 AND folded = ?2 ORDER BY id"),
                params![parent.raw(), folded],
            )
        })
    }

    /// The entries of a volume that are for certain of this lower file: how it is recognised where its rename was not
    /// recorded. There are none on a lower file system that keeps no times of birth.
    ///
    /// # Errors
    /// SQLite's own.
    pub fn entries_of(&self, volume: VolumeId, file: &Identity) -> Result<Vec<Entry>, StoreError> {
        let waiting = self.waiting_for(std::slice::from_ref(file));
        let found = self.all_completed("find entries by their inode", |connection| {
            let sql = select!("WHERE volume = ?1 AND ino = ?2 ORDER BY id");
            let mut found = many(connection, sql, params![volume.raw(), file.file.ino.cast_signed()])?;
            for id in waiting {
                let more = by_id(connection, id)?.filter(|more| more.volume == volume);
                found.extend(more.filter(|more| found.iter().all(|known| known.id != more.id)));
            }
            Ok(found)
        })?;
        Ok(found.into_iter().filter(|entry| entry.file.is_certainly(file)).collect())
    }

    /// The same for many files, by number. It asks once for every [`NAMES`] files.
    ///
    /// # Errors
    /// SQLite's own.
    pub fn entries_of_all(&self, volume: VolumeId, files: &[Identity]) -> Result<Vec<Entry>, StoreError> {
        let waiting = self.waiting_for(files);
        let mut found = self.all_completed("find entries by their inodes", |connection| {
            let mut found = Vec::new();
            let mut statement = connection.prepare_cached(BY_INODES)?;
            for some in files.chunks(NAMES) {
                statement.raw_bind_parameter(1, volume.raw())?;
                for place in 0..NAMES {
                    // Nothing is equal to NULL, of which the rest are.
                    statement.raw_bind_parameter(
                        place + 2,
                        some.get(place).map(|file| file.file.ino.cast_signed()),
                    )?;
                }
                let mut rows = statement.raw_query();
                while let Some(row) = rows.next()? {
                    found.push(entry(row)?);
                }
            }
            for id in waiting {
                found.extend(by_id(connection, id)?.filter(|more| more.volume == volume));
            }
            Ok(found)
        })?;
        found.retain(|entry| files.iter().any(|file| entry.file.is_certainly(file)));
        found.sort_unstable_by_key(|entry| entry.id);
        found.dedup_by_key(|entry| entry.id);
        Ok(found)
    }

    /// Everything that is known to be in a directory, by name.
    ///
    /// # Errors
    /// SQLite's own.
    pub fn children(&self, parent: MediaId) -> Result<Vec<Entry>, StoreError> {
        self.all_completed("list the entries of a directory", |connection| {
            many(connection, select!("WHERE parent = ?1 ORDER BY name"), [parent.raw()])
        })
    }

    /// Up to `limit` entries of a directory whose names come after `after` (empty for the first), by name: a way
    /// through a directory of any size, also while it changes.
    ///
    /// # Errors
    /// SQLite's own.
    pub fn children_after(
        &self,
        parent: MediaId,
        after: &[u8],
        limit: u32,
    ) -> Result<Vec<Entry>, StoreError> {
        self.all_completed("list some entries of a directory", |connection| {
            let sql = select!("WHERE parent = ?1 AND name > ?2 ORDER BY name LIMIT ?3");
            many(connection, sql, params![parent.raw(), after, limit])
        })
    }

    /// How many entries are known to be in a directory.
    ///
    /// # Errors
    /// SQLite's own.
    pub fn count_children(&self, parent: MediaId) -> Result<u64, StoreError> {
        self.read("count the entries of a directory", |connection| {
            let mut statement =
                connection.prepare_cached("SELECT count(*) FROM entries WHERE parent = ?1")?;
            Ok(statement.query_row([parent.raw()], |row| columns::unsigned(row, 0))?)
        })
    }

    /// Up to `limit` entries of a volume that expired at `now` or before, the longest expired first; those that come
    /// after `after` (when it expired, and its number), so that what stays is met once.
    ///
    /// # Errors
    /// SQLite's own.
    pub fn expired(
        &self,
        volume: VolumeId,
        now: i64,
        after: Option<(i64, MediaId)>,
        limit: u32,
    ) -> Result<Vec<Entry>, StoreError> {
        let (expires, id) = after.map_or((i64::MIN, i64::MIN), |(expires, id)| (expires, id.raw()));
        self.read("list expired entries", |connection| {
            many(
                connection,
                select!(
                    "WHERE expires <= ?1 AND (expires, id) > (?2, ?3) AND volume = ?4 ORDER BY expires, id LIMIT ?5"
                ),
                params![now, expires, id, volume.raw(), limit],
            )
        })
    }

    /// Where an entry is; `None` for a number that no entry has.
    ///
    /// # Errors
    /// SQLite's own.
    pub fn path_of(&self, id: MediaId) -> Result<Option<EntryPath>, StoreError> {
        self.read("find the path of an entry", |connection| path(connection, id))
    }
}

impl Entry {
    /// Whether the row is of this lower file. One that was made ahead of its file is of a file that was born right
    /// then: the daemon ended in between.
    pub fn is_of(&self, file: &Identity, directory: bool) -> bool {
        let belongs =
            if self.file == Identity::NONE { self.awaits(file.born) } else { self.file.agrees(file) };
        belongs && self.directory == directory
    }

    /// Whether it was learned by now which file it is of, more than the row tells.
    pub fn is_incomplete(&self, file: &Identity) -> bool {
        self.file == Identity::NONE || (self.file.born == 0 && file.born != 0)
    }

    /// Whether its file may still be about to be made.
    pub fn is_in_the_making(&self, now: i64) -> bool {
        self.file == Identity::NONE && (self.created..=self.created.saturating_add(MAKING)).contains(&now)
    }

    fn awaits(&self, born: i64) -> bool {
        let first = self.created.saturating_sub(CLOCK_STEP).saturating_mul(NANOS);
        let last = self.created.saturating_add(MAKING).saturating_mul(NANOS);
        born != 0 && (first..=last).contains(&born)
    }
}

impl Changes<'_> {
    /// See [`Store::entry`]; answers what stands there within the transaction.
    ///
    /// # Errors
    /// SQLite's own.
    pub fn entry(&self, parent: MediaId, name: &[u8]) -> Result<Option<Entry>, StoreError> {
        by_name(self.connection(), parent, name)
    }

    /// See [`Store::entry_by_id`]; answers what stands there within the transaction.
    ///
    /// # Errors
    /// SQLite's own.
    pub fn entry_by_id(&self, id: MediaId) -> Result<Option<Entry>, StoreError> {
        by_id(self.connection(), id)
    }
}

fn by_id(connection: &Connection, id: MediaId) -> Result<Option<Entry>, StoreError> {
    let mut statement = connection.prepare_cached(select!("WHERE id = ?1"))?;
    Ok(statement.query_row([id.raw()], entry).optional()?)
}

pub(super) fn by_name(
    connection: &Connection,
    parent: MediaId,
    name: &[u8],
) -> Result<Option<Entry>, StoreError> {
    let mut statement = connection.prepare_cached(select!("WHERE parent = ?1 AND name = ?2"))?;
    Ok(statement.query_row(params![parent.raw(), name], entry).optional()?)
}

fn many(connection: &Connection, sql: &str, params: impl Params) -> Result<Vec<Entry>, StoreError> {
    Ok(connection.prepare_cached(sql)?.query_map(params, entry)?.collect::<Result<_, _>>()?)
}

/// Walks up to the root; the walk ends because no rename makes a directory its own ancestor.
fn path(connection: &Connection, id: MediaId) -> Result<Option<EntryPath>, StoreError> {
    let mut statement = connection.prepare_cached(
        "WITH RECURSIVE up (depth, parent, volume, name) AS (
             SELECT 0, parent, volume, name FROM entries WHERE id = ?1
             UNION ALL
             SELECT depth + 1, entries.parent, entries.volume, entries.name FROM up
             JOIN entries ON entries.id = up.parent
         ) SELECT volume, parent, name FROM up ORDER BY depth DESC",
    )?;
    let mut rows = statement.query([id.raw()])?;
    let mut path: Option<EntryPath> = None;
    while let Some(row) = rows.next()? {
        let volume = VolumeId::new(row.get(0)?);
        let path = path.get_or_insert_with(|| EntryPath { volume, names: Vec::new() });
        if row.get::<_, Option<i64>>(1)?.is_some() {
            path.names.push(row.get(2)?);
        }
    }
    Ok(path)
}

fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    Ok(Entry {
        id: MediaId::new(row.get(0)?),
        parent: row.get::<_, Option<i64>>(1)?.map(MediaId::new),
        volume: VolumeId::new(row.get(2)?),
        name: row.get(3)?,
        directory: row.get(4)?,
        kind: columns::kind(row, 5)?,
        owner: columns::optional_package(row, 6)?,
        state: columns::state(row, 7)?,
        expires: row.get(8)?,
        file: Identity {
            file: FileId { dev: columns::unsigned(row, 9)?, ino: columns::unsigned(row, 10)? },
            born: row.get(15)?,
        },
        version: version(row)?,
        created: row.get(14)?,
    })
}

fn version(row: &Row<'_>) -> rusqlite::Result<Option<ContentVersion>> {
    let Some(size) = row.get::<_, Option<i64>>(11)? else { return Ok(None) };
    let size = size.cast_unsigned();
    Ok(Some(ContentVersion { size, mtime_ns: row.get(12)?, ctime_ns: row.get(13)? }))
}
