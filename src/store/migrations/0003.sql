-- App-ops of packages and users that share media.

-- mode: 0 allow, 1 deny; the default has no row. op: the name of a permission.
CREATE TABLE app_ops (
    application INTEGER NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
    op          TEXT NOT NULL,
    mode        INTEGER NOT NULL,
    PRIMARY KEY (application, op)
) STRICT, WITHOUT ROWID;

-- Pairs of Android users who share media, the smaller number first.
CREATE TABLE shared_users (
    one   INTEGER NOT NULL,
    other INTEGER NOT NULL,
    PRIMARY KEY (one, other),
    CHECK (one < other)
) STRICT, WITHOUT ROWID;

-- The Android user as whom an entry's owner made it, where that is not the user in whose tree it lies.
CREATE TABLE owner_users (
    entry INTEGER PRIMARY KEY REFERENCES entries (id) ON DELETE CASCADE,
    user  INTEGER NOT NULL
) STRICT;
