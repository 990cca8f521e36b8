-- What the ministry's malware scanner said of the parts of received packages, and what people decided in spite of it. The last
-- word only: what was found, released and read stands in the ledger.

CREATE TABLE scan (
    received INTEGER NOT NULL REFERENCES received (id),
    part     INTEGER NOT NULL,                    -- from 0
    verdict  TEXT NOT NULL CHECK (verdict IN ('clean', 'infected', 'too-large', 'failed')),
    detail   TEXT NOT NULL,                       -- the name of what was found, or why nobody looked
    at       INTEGER NOT NULL,
    PRIMARY KEY (received, part)
) STRICT, WITHOUT ROWID;
CREATE INDEX scan_held ON scan (received, part) WHERE verdict <> 'clean';

CREATE TABLE scan_release (
    received INTEGER NOT NULL,
    part     INTEGER NOT NULL,
    verdict  TEXT NOT NULL,                       -- what was known when it was made: another finding is not covered
    detail   TEXT NOT NULL,
    person   TEXT NOT NULL,
    at       INTEGER NOT NULL,
    PRIMARY KEY (received, part),
    FOREIGN KEY (received, part) REFERENCES scan (received, part)
) STRICT, WITHOUT ROWID;
