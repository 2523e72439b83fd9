-- A number comes back to its owner also if others had entries of that name meanwhile.
CREATE TABLE former_ids_of_owners (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    parent   INTEGER NOT NULL,
    name     BLOB NOT NULL,
    owner    TEXT NOT NULL,
    id       INTEGER NOT NULL,
    UNIQUE (parent, name, owner)
) STRICT;
INSERT INTO former_ids_of_owners SELECT sequence, parent, name, owner, id FROM former_ids;
DROP TABLE former_ids;
ALTER TABLE former_ids_of_owners RENAME TO former_ids;
