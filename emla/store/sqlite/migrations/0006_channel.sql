-- Channel statuses, and ledgers that come to an end: what peers said last, which checkpoints were seen where, and epochs that are over.

-- The last channel status of each peer.
CREATE TABLE channel_status (
    authority TEXT PRIMARY KEY,
    at        INTEGER NOT NULL,                   -- the peer's clock
    signed    BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Up to which number a channel is whole, so that nobody counts from 1 each hour. direction: who numbered it, 'ours' or 'theirs'.
CREATE TABLE whole (
    direction TEXT NOT NULL CHECK (direction IN ('ours', 'theirs')),
    peer      TEXT NOT NULL,
    epoch     INTEGER NOT NULL,
    seq       INTEGER NOT NULL,
    PRIMARY KEY (direction, peer, epoch)
) STRICT, WITHOUT ROWID;

-- Numbers of a peer's that will never come, as the peer says.
CREATE TABLE voided (
    sender TEXT NOT NULL,
    epoch  INTEGER NOT NULL,
    seq    INTEGER NOT NULL,
    pid    BLOB NOT NULL,
    reason TEXT NOT NULL,
    at     INTEGER NOT NULL,
    PRIMARY KEY (sender, epoch, seq)
) STRICT, WITHOUT ROWID;

-- The largest checkpoint of each ledger that was seen outside it: a peer's, as it showed it; our own, as peers hold it.
CREATE TABLE seen (
    origin    TEXT PRIMARY KEY,
    authority TEXT NOT NULL,
    epoch     INTEGER NOT NULL,
    size      INTEGER NOT NULL,
    note      BLOB NOT NULL,
    at        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX seen_authority ON seen (authority, epoch);

-- There is a row while our own ledger is closed: nothing is recorded in it. Why, since when, who showed it, and the proof.
CREATE TABLE closed (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    code  TEXT NOT NULL,
    since INTEGER NOT NULL,
    peer  TEXT,
    proof BLOB
) STRICT;

-- While it is closed: who was asked what they hold of ours, or was said to be gone.
CREATE TABLE asked (
    authority TEXT PRIMARY KEY,
    at        INTEGER NOT NULL,
    gone      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Leaves of documents and events that came while the ledger was closed: they are recorded when it is open again.
CREATE TABLE late_leaf (
    id     INTEGER PRIMARY KEY,
    kind   INTEGER NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    ref    BLOB NOT NULL
) STRICT;

-- Ledgers of former epochs, as they stood when they ended. Never changed.
CREATE TABLE former_leaf (
    epoch  INTEGER NOT NULL,
    idx    INTEGER NOT NULL,
    kind   INTEGER NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    ref    BLOB NOT NULL,
    PRIMARY KEY (epoch, idx)
) STRICT, WITHOUT ROWID;
CREATE TABLE former_checkpoint (
    epoch INTEGER NOT NULL,
    size  INTEGER NOT NULL,
    note  BLOB NOT NULL,
    PRIMARY KEY (epoch, size)
) STRICT, WITHOUT ROWID;

-- Accepted packages whose verdict is not here, and numbers that will never come: found without looking at every leg.
CREATE INDEX leg_accepted ON leg (peer, id) WHERE kind = 'package' AND state = 'ACCEPTED';
CREATE INDEX leg_voided ON leg (peer, id) WHERE kind = 'package' AND state IN ('REJECTED', 'EXPIRED', 'REPLACED');
