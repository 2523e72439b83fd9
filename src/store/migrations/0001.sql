-- The first schema. AUTOINCREMENT throughout: a number that was once given out never means another row.

CREATE TABLE volumes (
    id   INTEGER PRIMARY KEY AUTOINCREMENT,
    path BLOB NOT NULL UNIQUE
) STRICT;

CREATE TABLE applications (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    name       TEXT NOT NULL UNIQUE,
    app        INTEGER NOT NULL,
    target_sdk INTEGER NOT NULL
) STRICT;

CREATE TABLE permissions (
    application INTEGER NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
    permission  TEXT NOT NULL,
    PRIMARY KEY (application, permission)
) STRICT, WITHOUT ROWID;

-- One row for each file and directory; the root of a volume has no parent and an empty name.
-- kind: 0 image, 1 video, 2 audio, 3 playlist, 4 subtitle, 5 document, 6 other, NULL unknown.
-- state: 0 normal, 1 pending, 2 trashed. expires, created: seconds since 1970.
-- size, mtime_ns, ctime_ns: the content version that kind was found for, all NULL where nobody looked.
-- The parent has no cascade: a tree may be deeper than SQLite lets triggers nest.
CREATE TABLE entries (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    parent    INTEGER REFERENCES entries (id),
    volume    INTEGER NOT NULL REFERENCES volumes (id),
    name      BLOB NOT NULL,
    folded    BLOB NOT NULL,
    directory INTEGER NOT NULL CHECK (directory IN (0, 1)),
    kind      INTEGER,
    owner     TEXT,
    state     INTEGER NOT NULL,
    expires   INTEGER,
    dev       INTEGER NOT NULL,
    ino       INTEGER NOT NULL,
    size      INTEGER,
    mtime_ns  INTEGER,
    ctime_ns  INTEGER,
    created   INTEGER NOT NULL,
    UNIQUE (parent, name)
) STRICT;

CREATE UNIQUE INDEX entries_root ON entries (volume) WHERE parent IS NULL;
CREATE INDEX entries_folded ON entries (parent, folded);
CREATE INDEX entries_ino ON entries (volume, ino);
CREATE INDEX entries_owner ON entries (owner) WHERE owner IS NOT NULL;
CREATE INDEX entries_expires ON entries (expires) WHERE expires IS NOT NULL;

-- Ids of removed entries that had an owner: the same owner making the same name again gets the same id. The parent
-- is no reference, because it may itself be gone and come back by the same rule.
CREATE TABLE former_ids (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    parent   INTEGER NOT NULL,
    name     BLOB NOT NULL,
    owner    TEXT NOT NULL,
    id       INTEGER NOT NULL,
    UNIQUE (parent, name)
) STRICT;

-- mode: 0 selected, 1 read, 2 write. expires, granted: seconds since 1970.
CREATE TABLE grants (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    entry   INTEGER NOT NULL REFERENCES entries (id) ON DELETE CASCADE,
    package TEXT NOT NULL REFERENCES applications (name) ON DELETE CASCADE,
    mode    INTEGER NOT NULL,
    expires INTEGER,
    granted INTEGER NOT NULL,
    UNIQUE (entry, package, mode)
) STRICT;

CREATE INDEX grants_package ON grants (package);

CREATE TABLE plans (
    entry    INTEGER PRIMARY KEY REFERENCES entries (id) ON DELETE CASCADE,
    size     INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    ctime_ns INTEGER NOT NULL,
    scanner  INTEGER NOT NULL,
    format   TEXT NOT NULL,
    plan     BLOB NOT NULL
) STRICT;

CREATE TABLE reused_inodes (
    volume   INTEGER NOT NULL REFERENCES volumes (id),
    ino      INTEGER NOT NULL,
    identity BLOB NOT NULL,
    counter  INTEGER NOT NULL,
    PRIMARY KEY (volume, ino)
) STRICT, WITHOUT ROWID;

-- verdict: 0 full, 1 redacted, 2 denied. time: seconds since 1970.
CREATE TABLE audit (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    time    INTEGER NOT NULL,
    uid     INTEGER NOT NULL,
    package TEXT,
    op      TEXT NOT NULL,
    path    BLOB NOT NULL,
    verdict INTEGER NOT NULL,
    errno   INTEGER,
    rule    TEXT NOT NULL
) STRICT;
