-- The line: what was sent and received, its legs, acknowledgements and the ledger.
-- Ids and hashes are BLOBs; instants are UNIX seconds. Payloads have a table of their own, so that moving a row on never
-- rewrites 34 KiB. Every uniqueness the protocol promises is an index here.

CREATE TABLE payload (
    sha256 BLOB PRIMARY KEY CHECK (length(sha256) = 32),
    size   INTEGER NOT NULL CHECK (size > 0),
    body   BLOB                                   -- NULL: the blob store holds it under its SHA-256
) STRICT;

CREATE TABLE channel (
    recipient TEXT NOT NULL,
    epoch     INTEGER NOT NULL,
    seq       INTEGER NOT NULL,                   -- the last number used
    pid       BLOB NOT NULL,                      -- the package that used it
    PRIMARY KEY (recipient, epoch)
) STRICT, WITHOUT ROWID;

CREATE TABLE sent (
    id             INTEGER PRIMARY KEY,
    pid            BLOB NOT NULL CHECK (length(pid) = 32),
    signed         BLOB NOT NULL,
    msg            BLOB NOT NULL,
    recipient      TEXT NOT NULL,
    epoch          INTEGER NOT NULL,
    seq            INTEGER NOT NULL,
    message_id     BLOB NOT NULL,
    message_sha256 BLOB NOT NULL,
    payload_id     BLOB NOT NULL,
    payload_sha256 BLOB NOT NULL REFERENCES payload (sha256),
    payload_size   INTEGER NOT NULL,
    record         BLOB NOT NULL,
    urgent         INTEGER NOT NULL,
    created        INTEGER NOT NULL,
    expires        INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX sent_pid ON sent (pid);
CREATE UNIQUE INDEX sent_message_id ON sent (message_id);
CREATE UNIQUE INDEX sent_place ON sent (recipient, epoch, seq);

CREATE TABLE received (
    id               INTEGER PRIMARY KEY,
    pid              BLOB NOT NULL CHECK (length(pid) = 32),
    signed           BLOB NOT NULL,
    signature_sha256 BLOB NOT NULL,
    sender           TEXT NOT NULL,
    msg              BLOB NOT NULL,
    payload_id       BLOB NOT NULL,
    payload_sha256   BLOB NOT NULL REFERENCES payload (sha256),
    payload_size     INTEGER NOT NULL,
    epoch            INTEGER NOT NULL,
    seq              INTEGER NOT NULL,
    urgent           INTEGER NOT NULL,
    created          INTEGER NOT NULL,
    expires          INTEGER NOT NULL,
    accepted_at      INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX received_pid ON received (pid);
CREATE UNIQUE INDEX received_msg ON received (sender, msg);
CREATE UNIQUE INDEX received_payload ON received (sender, payload_id);
CREATE UNIQUE INDEX received_place ON received (sender, epoch, seq);

-- Where a received package stands; small rows that change, apart from the large ones that do not.
CREATE TABLE inbox (
    pid      BLOB PRIMARY KEY REFERENCES received (pid),
    state    TEXT NOT NULL CHECK (state IN ('ACCEPTED', 'CONSIGNED', 'HANDED', 'QUARANTINED')),
    strikes  INTEGER NOT NULL,                    -- how often the opener died on it
    code     TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX inbox_unopened ON inbox (state) WHERE state = 'ACCEPTED';

CREATE TABLE record (
    pid    BLOB PRIMARY KEY REFERENCES received (pid),
    sealed BLOB NOT NULL
) STRICT;

CREATE TABLE hand_over (
    pid      BLOB NOT NULL REFERENCES received (pid),
    consumer TEXT NOT NULL,
    at       INTEGER NOT NULL,
    PRIMARY KEY (pid, consumer)
) STRICT, WITHOUT ROWID;

CREATE TABLE leg (
    id        INTEGER PRIMARY KEY,
    kind      TEXT NOT NULL CHECK (kind IN ('package', 'acknowledgement')),
    ref       BLOB NOT NULL,
    peer      TEXT NOT NULL,
    urgent    INTEGER NOT NULL,
    state     TEXT NOT NULL,
    attempts  INTEGER NOT NULL DEFAULT 0,
    next_at   REAL NOT NULL,
    last_code TEXT,
    created   INTEGER NOT NULL,
    expires   INTEGER
) STRICT;
CREATE UNIQUE INDEX leg_ref ON leg (kind, ref, peer);
CREATE INDEX leg_due ON leg (peer, urgent DESC, next_at) WHERE state = 'READY';

CREATE TABLE acknowledgement (
    id     INTEGER PRIMARY KEY,
    aid    BLOB NOT NULL CHECK (length(aid) = 32),
    pid    BLOB NOT NULL,
    event  TEXT NOT NULL,
    by     TEXT NOT NULL,
    at     INTEGER NOT NULL,
    reason TEXT,
    bundle BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX acknowledgement_aid ON acknowledgement (aid);
CREATE UNIQUE INDEX acknowledgement_event ON acknowledgement (pid, event, by);

CREATE TABLE equivocation (
    pid    BLOB PRIMARY KEY,
    other  BLOB NOT NULL,                         -- the package that was here first
    signed BLOB NOT NULL,
    at     INTEGER NOT NULL
) STRICT;

CREATE TABLE peer (
    authority   TEXT PRIMARY KEY,
    documents   BLOB NOT NULL,                    -- the export file's bytes
    pin_version INTEGER NOT NULL,
    pin_sha256  BLOB NOT NULL,
    fingerprint TEXT NOT NULL,
    pinned_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Every set of documents ever pinned, so that its leaf can be recomputed from bytes.
CREATE TABLE document (
    sha256 BLOB PRIMARY KEY,
    body   BLOB NOT NULL
) STRICT;

CREATE TABLE leaf (
    idx    INTEGER PRIMARY KEY,
    kind   INTEGER NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    ref    BLOB NOT NULL                          -- pid, aid or document hash: whose bytes were hashed
) STRICT;

CREATE TABLE checkpoint (
    size INTEGER PRIMARY KEY,
    note BLOB NOT NULL
) STRICT;
