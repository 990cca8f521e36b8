-- What every message of a case means for it, sealed; in the clear are random ids alone. Never a state: a case is computed.

CREATE TABLE legal_act (
    package INTEGER PRIMARY KEY,                  -- the number of the package that brought it (0009)
    case_id BLOB NOT NULL CHECK (length(case_id) = 16),
    at      INTEGER NOT NULL,                     -- when it was submitted or consigned here
    sealed  BLOB NOT NULL
) STRICT;
CREATE INDEX legal_act_case ON legal_act (case_id, at);

CREATE TABLE case_link (
    case_id  BLOB NOT NULL CHECK (length(case_id) = 16),
    other    BLOB NOT NULL CHECK (length(other) = 16),
    relation TEXT NOT NULL,
    package  INTEGER NOT NULL REFERENCES legal_act (package),
    PRIMARY KEY (case_id, other, relation, package)
) STRICT, WITHOUT ROWID;
CREATE INDEX case_link_other ON case_link (other, case_id);
CREATE INDEX case_link_package ON case_link (package);
