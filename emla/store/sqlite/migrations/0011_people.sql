-- People of this authority, their tokens, and the cases they belong to.
-- Nothing here is a secret by itself: of a token only the SHA-256 of 32 random octets is kept, of a password its Argon2id hash.

CREATE TABLE person (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    full_name  TEXT NOT NULL,
    roles      TEXT NOT NULL,                     -- sorted, with blanks between
    state      TEXT NOT NULL CHECK (state IN ('ACTIVE', 'DISABLED')),
    created_at INTEGER NOT NULL,
    password   BLOB
) STRICT, WITHOUT ROWID;

CREATE TABLE token (
    id         TEXT PRIMARY KEY,
    person     TEXT NOT NULL REFERENCES person (id),
    sha256     BLOB NOT NULL CHECK (length(sha256) = 32),
    roles      TEXT NOT NULL,
    label      TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX token_person ON token (person);

CREATE TABLE case_person (
    case_id BLOB NOT NULL,
    person  TEXT NOT NULL REFERENCES person (id),
    at      INTEGER NOT NULL,
    PRIMARY KEY (person, case_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX case_person_case ON case_person (case_id);
