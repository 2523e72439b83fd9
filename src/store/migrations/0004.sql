-- How often a decision was made that one record stands for.
ALTER TABLE audit ADD COLUMN count INTEGER NOT NULL DEFAULT 1;
