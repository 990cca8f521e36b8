-- Forgetting: what a draft says, and the words about a message that went without a second person, stand in rows that are only ever
-- added at the end, so that overwriting them leaves no copy (docs/adr/0044). An order to erase waits for a second person, and may be
-- about the content of one package alone (docs/adr/0052).

CREATE TABLE draft_content (
    id     INTEGER PRIMARY KEY,                   -- only grows
    draft  BLOB NOT NULL,
    sealed BLOB NOT NULL                          -- zeros: gone
) STRICT;
INSERT INTO draft_content (draft, sealed) SELECT id, sealed FROM draft WHERE sealed IS NOT NULL ORDER BY at, id;
CREATE TABLE draft_next (
    id             BLOB PRIMARY KEY CHECK (length(id) = 16),
    drafter        TEXT NOT NULL REFERENCES person (id),
    case_id        BLOB NOT NULL CHECK (length(case_id) = 16),
    message_id     BLOB NOT NULL CHECK (length(message_id) = 16),
    state          TEXT NOT NULL CHECK (state IN ('WAITING', 'RETURNED', 'SENT', 'WITHDRAWN', 'LAPSED')),
    at             INTEGER NOT NULL,
    expires        INTEGER NOT NULL,
    decided_at     INTEGER,
    decided_by     TEXT,
    payload_sha256 BLOB,
    content        INTEGER REFERENCES draft_content (id),
    CHECK ((state IN ('WAITING', 'RETURNED')) = (content IS NOT NULL AND payload_sha256 IS NOT NULL))
) STRICT, WITHOUT ROWID;
INSERT INTO draft_next
    SELECT id, drafter, case_id, message_id, state, at, expires, decided_at, decided_by, payload_sha256,
           (SELECT c.id FROM draft_content c WHERE c.draft = draft.id) FROM draft;
DROP TABLE draft;
ALTER TABLE draft_next RENAME TO draft;
CREATE UNIQUE INDEX draft_message ON draft (message_id) WHERE state = 'WAITING';
CREATE INDEX draft_kept ON draft (message_id) WHERE state IN ('WAITING', 'RETURNED');
CREATE INDEX draft_state ON draft (state, at);
CREATE INDEX draft_drafter ON draft (drafter, at);
CREATE INDEX draft_case ON draft (case_id) WHERE state IN ('WAITING', 'RETURNED');

CREATE TABLE alone_words (
    id         INTEGER PRIMARY KEY,               -- only grows
    message_id BLOB NOT NULL CHECK (length(message_id) = 16),
    words      BLOB NOT NULL                      -- UTF-8; zeros: erased
) STRICT;
INSERT INTO alone_words (message_id, words) SELECT message_id, CAST(reason AS BLOB) FROM sent_alone ORDER BY at, message_id;
CREATE TABLE sent_alone_next (
    message_id  BLOB PRIMARY KEY CHECK (length(message_id) = 16),
    person      TEXT NOT NULL REFERENCES person (id),
    at          INTEGER NOT NULL,
    urgency     TEXT NOT NULL,
    reason      INTEGER NOT NULL REFERENCES alone_words (id),
    reviewed_at INTEGER,
    reviewed_by TEXT,
    agrees      INTEGER,
    words       INTEGER REFERENCES alone_words (id)
) STRICT, WITHOUT ROWID;
INSERT INTO sent_alone_next
    SELECT message_id, person, at, urgency, (SELECT w.id FROM alone_words w WHERE w.message_id = sent_alone.message_id),
           reviewed_at, reviewed_by, agrees, NULL FROM sent_alone;
INSERT INTO alone_words (message_id, words) SELECT message_id, CAST(words AS BLOB) FROM sent_alone WHERE words <> '' ORDER BY at, message_id;
UPDATE sent_alone_next SET words = (
    SELECT max(w.id) FROM alone_words w WHERE w.message_id = sent_alone_next.message_id AND w.id <> sent_alone_next.reason
);
DROP TABLE sent_alone;
ALTER TABLE sent_alone_next RENAME TO sent_alone;
CREATE INDEX alone_words_message ON alone_words (message_id);
CREATE INDEX sent_alone_open ON sent_alone (at) WHERE reviewed_at IS NULL;

-- Who approved an order as the second person, where one had to; the number of the package whose content alone it is about.
ALTER TABLE erasure ADD COLUMN approver TEXT NOT NULL DEFAULT '';
ALTER TABLE erasure ADD COLUMN package INTEGER;

-- A draft that went with an order; its file is unlinked before the order is called carried out.
CREATE TABLE erased_draft (
    draft          BLOB PRIMARY KEY CHECK (length(draft) = 16),
    erasure        INTEGER NOT NULL REFERENCES erasure (id),
    payload_sha256 BLOB NOT NULL CHECK (length(payload_sha256) = 32)
) STRICT, WITHOUT ROWID;
CREATE INDEX erased_draft_erasure ON erased_draft (erasure);

-- A package of a peer's whose content alone is erased: its act stays, so the case is computed as before.
CREATE TABLE erased_content (
    package INTEGER PRIMARY KEY,                  -- the number of the package (0009)
    erasure INTEGER NOT NULL REFERENCES erasure (id),
    done    INTEGER NOT NULL                      -- 1: overwritten, and the ledger says so
) STRICT;
CREATE INDEX erased_content_erasure ON erased_content (erasure);

-- An order that waits for a second person; gone as soon as it is decided.
CREATE TABLE erasure_wanted (
    case_id   BLOB NOT NULL CHECK (length(case_id) = 16),
    pid       BLOB NOT NULL,                      -- the package whose content alone is meant; no bytes: everything
    person    TEXT NOT NULL REFERENCES person (id),
    reason    TEXT NOT NULL,
    although  INTEGER NOT NULL,                   -- 1: although the case is not closed
    hash      BLOB NOT NULL CHECK (length(hash) = 32), -- of what would go
    at        INTEGER NOT NULL,
    expires   INTEGER NOT NULL,
    PRIMARY KEY (case_id, pid)
) STRICT, WITHOUT ROWID;
