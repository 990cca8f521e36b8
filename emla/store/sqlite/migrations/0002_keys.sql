-- The life of keys and documents: changes and who approved them, our own published documents, events, replaced packages.

CREATE TABLE change (
    sha256       BLOB PRIMARY KEY CHECK (length(sha256) = 32),  -- the document's hash: what officers approve
    type         TEXT NOT NULL,
    payload      BLOB NOT NULL,                   -- the document itself, not signed by its keys yet
    state        TEXT NOT NULL CHECK (state IN ('PROPOSED', 'PUBLISHED')),
    proposed_at  INTEGER NOT NULL,
    published_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE approval (
    change  BLOB NOT NULL REFERENCES change (sha256),
    officer TEXT NOT NULL,
    act     TEXT NOT NULL CHECK (act IN ('propose', 'approve')),
    at      INTEGER NOT NULL,
    signed  BLOB NOT NULL,
    PRIMARY KEY (change, officer)                 -- nobody is two persons
) STRICT, WITHOUT ROWID;

-- What this authority has published: one row. The file documents/own.json is a copy of it.
CREATE TABLE own (
    id        INTEGER PRIMARY KEY CHECK (id = 1),
    documents BLOB NOT NULL
) STRICT;

CREATE TABLE officers (
    version INTEGER PRIMARY KEY,
    payload BLOB NOT NULL
) STRICT;

-- What the gateway or a person did: strict JSON with a nonce, so that its leaf betrays nothing.
CREATE TABLE event (
    sha256 BLOB PRIMARY KEY CHECK (length(sha256) = 32),
    kind   TEXT NOT NULL,
    at     INTEGER NOT NULL,
    body   BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX event_at ON event (at);

-- The last ping of each peer, and the last one that failed.
CREATE TABLE ping (
    authority    TEXT PRIMARY KEY,
    at           INTEGER,
    latency      REAL,
    difference   INTEGER,
    software     TEXT,
    card_version INTEGER,
    failed_at    INTEGER,
    failed_code  TEXT
) STRICT, WITHOUT ROWID;

-- Warnings that were given: each once.
CREATE TABLE warning (
    subject TEXT NOT NULL,
    days    INTEGER NOT NULL,
    PRIMARY KEY (subject, days)
) STRICT, WITHOUT ROWID;

-- Checkpoints of peers that were seen here, and when by our clock: what they cover was signed before a later theft.
CREATE TABLE witnessed (
    sha256 BLOB PRIMARY KEY,                      -- of the checkpoint's signed lines
    at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A channel that is held: the code says why. Null: it is open.
ALTER TABLE peer ADD COLUMN held TEXT;

-- A package may take another one's place, when the recipient revoked the key it was sealed to: same message, same payload.
ALTER TABLE sent ADD COLUMN replaces BLOB;
DROP INDEX sent_message_id;
CREATE UNIQUE INDEX sent_message_id ON sent (message_id) WHERE replaces IS NULL;
CREATE UNIQUE INDEX sent_replaces ON sent (replaces) WHERE replaces IS NOT NULL;
