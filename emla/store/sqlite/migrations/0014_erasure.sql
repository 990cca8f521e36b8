-- Erasure: what was ordered, which packages it is about, which cases are on legal hold.
--
-- A row of a B-tree that is inserted in the middle makes SQLite move its neighbours, and `secure_delete` does not clear where they
-- lay: one row in a hundred can be found a second time. So whatever is sealed, and what events say, stands in rows that are only
-- ever added at the end, and to erase them is to overwrite them with as many zeros (docs/adr/0044). `sent` and `payload` are so.

CREATE TABLE record_next (
    id       INTEGER PRIMARY KEY,                 -- only grows
    received INTEGER NOT NULL UNIQUE REFERENCES received (id),
    sealed   BLOB NOT NULL                        -- zeros: erased
) STRICT;
INSERT INTO record_next (received, sealed) SELECT received, sealed FROM record ORDER BY received;
DROP TABLE record;
ALTER TABLE record_next RENAME TO record;

CREATE TABLE case_named_kept AS SELECT * FROM case_named;
DROP TABLE case_named;
CREATE TABLE legal_act_next (
    id      INTEGER PRIMARY KEY,                  -- only grows
    package INTEGER NOT NULL UNIQUE,              -- the number of the package that brought it (0009)
    case_id BLOB NOT NULL CHECK (length(case_id) = 16),
    at      INTEGER NOT NULL,                     -- when it was submitted or consigned here
    sealed  BLOB NOT NULL                         -- zeros: erased
) STRICT;
INSERT INTO legal_act_next (package, case_id, at, sealed)
    SELECT package, case_id, at, sealed FROM legal_act ORDER BY package;
DROP TABLE legal_act;
ALTER TABLE legal_act_next RENAME TO legal_act;
CREATE INDEX legal_act_case ON legal_act (case_id, at, package);
CREATE TABLE case_named (
    package INTEGER NOT NULL REFERENCES legal_act (package),
    other   BLOB NOT NULL CHECK (length(other) = 16),
    PRIMARY KEY (package, other)
) STRICT, WITHOUT ROWID;
INSERT INTO case_named SELECT * FROM case_named_kept;
DROP TABLE case_named_kept;
CREATE INDEX case_named_other ON case_named (other);

CREATE TABLE event_next (
    id     INTEGER PRIMARY KEY,                   -- only grows
    sha256 BLOB NOT NULL UNIQUE CHECK (length(sha256) = 32),
    kind   TEXT NOT NULL,
    at     INTEGER NOT NULL,
    body   BLOB NOT NULL                          -- zeros: erased
) STRICT;
INSERT INTO event_next (sha256, kind, at, body) SELECT sha256, kind, at, body FROM event ORDER BY at, sha256;
DROP TABLE event;
ALTER TABLE event_next RENAME TO event;
CREATE INDEX event_at ON event (at);

-- An order to erase what is here of a case. ERASING until nothing can be found any more, and resumed by every start.
CREATE TABLE erasure (
    id         INTEGER PRIMARY KEY,
    case_id    BLOB NOT NULL CHECK (length(case_id) = 16),
    why        TEXT NOT NULL CHECK (why IN ('retention', 'order', 'recall')),
    person     TEXT NOT NULL,                     -- who ordered it, by id; empty where the retention period did
    reason     TEXT NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('ERASING', 'ERASED')),
    ordered_at INTEGER NOT NULL,
    erased_at  INTEGER,
    CHECK ((state = 'ERASED') = (erased_at IS NOT NULL))
) STRICT;
CREATE INDEX erasure_case ON erasure (case_id);
CREATE INDEX erasure_open ON erasure (id) WHERE state = 'ERASING';

CREATE TABLE erased_package (
    package INTEGER PRIMARY KEY,                  -- the number of the package (0009)
    erasure INTEGER NOT NULL REFERENCES erasure (id),
    done    INTEGER NOT NULL                      -- 1: overwritten, and the ledger says so
) STRICT;
CREATE INDEX erased_package_erasure ON erased_package (erasure);

-- A legal hold: nobody erases anything of the case until it is lifted.
CREATE TABLE case_hold (
    case_id BLOB PRIMARY KEY CHECK (length(case_id) = 16),
    person  TEXT NOT NULL,
    at      INTEGER NOT NULL,
    reason  TEXT NOT NULL
) STRICT, WITHOUT ROWID;
