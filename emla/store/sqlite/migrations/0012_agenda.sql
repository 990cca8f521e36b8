-- When a case is to be looked at, for the time limits in it that come near or have run out. A row too many costs a look; none is missing.

CREATE TABLE case_agenda (
    at      INTEGER NOT NULL,                     -- 0: something came; else the instant that is waited for
    case_id BLOB NOT NULL CHECK (length(case_id) = 16),
    times   INTEGER NOT NULL,                     -- how often it was put here: what came during a look is no part of it
    PRIMARY KEY (at, case_id)
) STRICT, WITHOUT ROWID;
INSERT INTO case_agenda SELECT DISTINCT 0, case_id, 1 FROM legal_act;
