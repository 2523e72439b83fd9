-- The time of birth of the lower file, nanoseconds since 1970: together with the inode number it means one file for
-- ever. 0 is unknown: the row was made by the first schema, or the file system keeps no such time. ino 0 is a row that
-- was made ahead of its file. A name that begins with a slash, below the root, is that of a row whose place another
-- file took: it is found again by its file, and no file has such a name.
ALTER TABLE entries ADD COLUMN born INTEGER NOT NULL DEFAULT 0;
