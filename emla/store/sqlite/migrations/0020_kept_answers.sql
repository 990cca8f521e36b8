-- Answers of calls that bore an Idempotency-Key, for a day. Sealed under what only the caller knows (emla/formats/kept_answer.py).

CREATE TABLE kept_answer (
    id          BLOB PRIMARY KEY CHECK (length(id) = 32),
    fingerprint BLOB NOT NULL CHECK (length(fingerprint) = 32),
    sealed      BLOB NOT NULL,
    at          INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX kept_answer_at ON kept_answer (at);
