-- Channels are compared through a hub, too: mailboxes hold packages that come back ('return'), and of each pair of members one
-- channel status, the newest. SQLite changes no CHECK in place, so the two tables are made anew with the rows they had.

CREATE TABLE kept_item AS SELECT * FROM mailbox_item;
CREATE TABLE kept_body AS SELECT * FROM mailbox_body;
DROP TABLE mailbox_body;
DROP TABLE mailbox_item;

CREATE TABLE mailbox_item (
    item           INTEGER PRIMARY KEY AUTOINCREMENT,
    owner          TEXT NOT NULL,
    depositor      TEXT NOT NULL,
    kind           TEXT NOT NULL CHECK (kind IN ('package', 'acknowledgement', 'documents', 'channel', 'return')),
    ref            BLOB NOT NULL CHECK (length(ref) = 32),
    size           INTEGER NOT NULL CHECK (size > 0),
    at             INTEGER NOT NULL,
    expires        INTEGER NOT NULL,
    state          TEXT NOT NULL CHECK (state IN ('HELD', 'RELEASED', 'EXPIRED', 'REPLACED')),
    ended_at       INTEGER,
    proof          BLOB,                          -- the owner's acknowledgement, for a package that it released
    payload_sha256 BLOB,                          -- for a package and a return
    CHECK ((state = 'HELD') = (ended_at IS NULL))
) STRICT;
CREATE TABLE mailbox_body (
    item  INTEGER PRIMARY KEY REFERENCES mailbox_item (item),
    front BLOB NOT NULL
) STRICT;

INSERT INTO mailbox_item SELECT * FROM kept_item;
INSERT INTO mailbox_body SELECT * FROM kept_body;
DROP TABLE kept_body;
DROP TABLE kept_item;
-- Copying nothing leaves a mark, too: a store in which nothing was ever held shall look like one.
DELETE FROM sqlite_sequence WHERE name = 'mailbox_item' AND coalesce(seq, 0) = 0;

CREATE UNIQUE INDEX mailbox_item_ref ON mailbox_item (owner, kind, ref);
CREATE INDEX mailbox_item_held ON mailbox_item (owner, item) WHERE state = 'HELD';
CREATE INDEX mailbox_item_expires ON mailbox_item (expires) WHERE state = 'HELD';
CREATE INDEX mailbox_item_payload ON mailbox_item (payload_sha256) WHERE state = 'HELD';
CREATE UNIQUE INDEX mailbox_item_status ON mailbox_item (owner, depositor) WHERE kind = 'channel';

-- Packages that were given up without the recipient's answer: statuses ask for it, so that both sides end with the same record.
CREATE TABLE unanswered (
    pid  BLOB PRIMARY KEY,
    peer TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX unanswered_peer ON unanswered (peer);
INSERT INTO unanswered
SELECT l.ref, l.peer FROM leg l WHERE l.kind = 'package' AND l.state = 'EXPIRED' AND NOT EXISTS (
    SELECT 1 FROM acknowledgement a WHERE a.pid = l.ref AND a.event IN ('RelayAcceptance', 'RelayRejection'));
