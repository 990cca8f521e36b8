-- Messages that wait for a second person, and those that went without one. In the clear are random ids, persons and instants; a
-- draft's content is sealed under the content key, its parts under a key of their own, and both go with the decision.

CREATE TABLE draft (
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
    sealed         BLOB,
    CHECK ((state IN ('WAITING', 'RETURNED')) = (sealed IS NOT NULL AND payload_sha256 IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX draft_message ON draft (message_id) WHERE state = 'WAITING';
CREATE INDEX draft_kept ON draft (message_id) WHERE state IN ('WAITING', 'RETURNED');
CREATE INDEX draft_state ON draft (state, at);
CREATE INDEX draft_drafter ON draft (drafter, at);

CREATE TABLE sent_alone (
    message_id  BLOB PRIMARY KEY CHECK (length(message_id) = 16),
    person      TEXT NOT NULL REFERENCES person (id),
    at          INTEGER NOT NULL,
    urgency     TEXT NOT NULL,
    reason      TEXT NOT NULL,
    reviewed_at INTEGER,
    reviewed_by TEXT,
    agrees      INTEGER,
    words       TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;
CREATE INDEX sent_alone_open ON sent_alone (at) WHERE reviewed_at IS NULL;
