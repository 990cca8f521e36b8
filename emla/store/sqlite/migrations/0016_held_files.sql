-- By what files that came in are found again when somebody wants to pass one on: keyed hashes, in buckets of 16384 packages, so
-- that new ones go to pages that are in use (docs/adr/0027). Acts of before have none.

CREATE TABLE held_file (
    bucket  INTEGER NOT NULL,                     -- the number of the package, without its last 15 bits
    tag     BLOB NOT NULL CHECK (length(tag) = 16),
    package INTEGER NOT NULL,                     -- that of the act
    PRIMARY KEY (bucket, tag, package)
) STRICT, WITHOUT ROWID;
