-- A hub's mailboxes: sealed objects held for authorities that collect them. No names, no references, nothing readable.

-- One row for each object ever held; those that are gone stay as a memory, so that nothing is held twice.
CREATE TABLE mailbox_item (
    item           INTEGER PRIMARY KEY AUTOINCREMENT,
    owner          TEXT NOT NULL,
    depositor      TEXT NOT NULL,
    kind           TEXT NOT NULL CHECK (kind IN ('package', 'acknowledgement', 'documents', 'channel')),
    ref            BLOB NOT NULL CHECK (length(ref) = 32),
    size           INTEGER NOT NULL CHECK (size > 0),
    at             INTEGER NOT NULL,
    expires        INTEGER NOT NULL,
    state          TEXT NOT NULL CHECK (state IN ('HELD', 'RELEASED', 'EXPIRED', 'REPLACED')),
    ended_at       INTEGER,
    proof          BLOB,                          -- the owner's acknowledgement, for a package that it released
    payload_sha256 BLOB,                          -- for a package
    CHECK ((state = 'HELD') = (ended_at IS NULL))
) STRICT;
CREATE UNIQUE INDEX mailbox_item_ref ON mailbox_item (owner, kind, ref);
CREATE INDEX mailbox_item_held ON mailbox_item (owner, item) WHERE state = 'HELD';
CREATE INDEX mailbox_item_expires ON mailbox_item (expires) WHERE state = 'HELD';
CREATE INDEX mailbox_item_payload ON mailbox_item (payload_sha256) WHERE state = 'HELD';

-- What is collected: a package's signed header (its payload is in `payload` or a file), else the whole body. Only while HELD.
CREATE TABLE mailbox_body (
    item  INTEGER PRIMARY KEY REFERENCES mailbox_item (item),
    front BLOB NOT NULL
) STRICT;

-- How much is held, by owner and depositor: what the quotas are about.
CREATE TABLE mailbox_use (
    owner     TEXT NOT NULL,
    depositor TEXT NOT NULL,
    items     INTEGER NOT NULL CHECK (items >= 0),
    bytes     INTEGER NOT NULL CHECK (bytes >= 0),
    PRIMARY KEY (owner, depositor)
) STRICT, WITHOUT ROWID;
CREATE INDEX mailbox_use_depositor ON mailbox_use (depositor);
