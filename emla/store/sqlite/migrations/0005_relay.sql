-- Legs and packages in trouble: put aside, in quarantine, contradicted.

-- How often in a row one leg alone was refused for what it is, and since when.
ALTER TABLE leg ADD COLUMN refusals INTEGER NOT NULL DEFAULT 0;
ALTER TABLE leg ADD COLUMN refused_since INTEGER;
CREATE INDEX leg_held ON leg (peer, expires) WHERE state = 'HELD';
CREATE INDEX leg_dead ON leg (id) WHERE state IN ('HELD', 'REJECTED', 'EXPIRED', 'CONSIGNMENT_FAILED');

-- Why a leg was last put aside; that it was released is an event.
CREATE TABLE hold (
    leg    INTEGER PRIMARY KEY REFERENCES leg (id),
    at     INTEGER NOT NULL,
    code   TEXT NOT NULL,
    reason TEXT NOT NULL                          -- in words
) STRICT;

-- The same states and one more: two officers have given up opening it. SQLite changes a CHECK only with its table.
CREATE TABLE inbox_next (
    pid      BLOB PRIMARY KEY REFERENCES received (pid),
    state    TEXT NOT NULL CHECK (state IN ('ACCEPTED', 'CONSIGNED', 'HANDED', 'QUARANTINED', 'CLOSED')),
    strikes  INTEGER NOT NULL,                    -- how often the opener died on it
    code     TEXT                                 -- of an ACCEPTED one: why it could not be opened yet
) STRICT, WITHOUT ROWID;
INSERT INTO inbox_next SELECT * FROM inbox;
DROP TABLE inbox;
ALTER TABLE inbox_next RENAME TO inbox;
CREATE INDEX inbox_unopened ON inbox (state) WHERE state = 'ACCEPTED';
CREATE INDEX inbox_quarantined ON inbox (state) WHERE state = 'QUARANTINED';

CREATE INDEX equivocation_other ON equivocation (other);

-- A second acknowledgement of one event: the first stands, this is proof.
CREATE TABLE contradiction (
    aid    BLOB PRIMARY KEY CHECK (length(aid) = 32),
    pid    BLOB NOT NULL,
    event  TEXT NOT NULL,
    by     TEXT NOT NULL,
    at     INTEGER NOT NULL,                      -- when it came here
    bundle BLOB NOT NULL
) STRICT;
CREATE INDEX contradiction_pid ON contradiction (pid);

-- Signed by the peer, but not what an acknowledgement of this package must be: kept for people, without a leaf.
CREATE TABLE doubtful (
    sha256 BLOB PRIMARY KEY CHECK (length(sha256) = 32),
    peer   TEXT NOT NULL,
    pid    BLOB NOT NULL,
    code   TEXT NOT NULL,
    at     INTEGER NOT NULL,
    bundle BLOB NOT NULL
) STRICT;
CREATE INDEX doubtful_peer ON doubtful (peer);
CREATE INDEX doubtful_pid ON doubtful (pid);
