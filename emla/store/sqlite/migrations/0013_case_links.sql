-- Which other cases a message names: filed by the number of its package, as everything about packages is (docs/adr/0027).
-- It was filed by case as well, which is as random as a hash.

CREATE TABLE case_named (
    package INTEGER NOT NULL REFERENCES legal_act (package),
    other   BLOB NOT NULL CHECK (length(other) = 16),
    PRIMARY KEY (package, other)
) STRICT, WITHOUT ROWID;
INSERT INTO case_named SELECT DISTINCT package, other FROM case_link;
DROP TABLE case_link;
CREATE INDEX case_named_other ON case_named (other);
