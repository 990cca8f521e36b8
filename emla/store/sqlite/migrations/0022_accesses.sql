-- The leaf of an event may name the package under which it is found again: reads of content, and what was passed on, for the
-- report that the owner of the content asks for (docs/adr/0053). One that came late keeps it until it stands in the ledger.

ALTER TABLE late_leaf ADD COLUMN package INTEGER;
CREATE INDEX leaf_filed ON leaf (package, idx) WHERE kind = 6 AND package IS NOT NULL;
CREATE INDEX former_leaf_filed ON former_leaf (package, epoch, idx) WHERE kind = 6 AND package IS NOT NULL;

-- Reads of before: of the packages that were ever handed over, by their ids as the events write them.
CREATE TABLE handed_before (id TEXT PRIMARY KEY, package INTEGER NOT NULL) WITHOUT ROWID;
INSERT OR IGNORE INTO handed_before
    SELECT lower(hex(pid)), id * 2 + 1 FROM received WHERE id IN (SELECT received FROM hand_over);
INSERT OR IGNORE INTO handed_before SELECT lower(hex(case_id)), min(package) FROM legal_act GROUP BY case_id;
CREATE TABLE read_before (ref BLOB PRIMARY KEY, package INTEGER NOT NULL) WITHOUT ROWID;
INSERT OR IGNORE INTO read_before
    SELECT e.sha256, h.package FROM event e
    JOIN handed_before h ON h.id = json_extract(CAST(e.body AS TEXT), '$.facts.id')
    WHERE e.kind = 'content.read' AND substr(e.body, 1, 1) <> x'00';
UPDATE leaf SET package = (SELECT package FROM read_before WHERE ref = leaf.ref)
    WHERE kind = 6 AND ref IN (SELECT ref FROM read_before);
UPDATE former_leaf SET package = (SELECT package FROM read_before WHERE ref = former_leaf.ref)
    WHERE kind = 6 AND ref IN (SELECT ref FROM read_before);
UPDATE late_leaf SET package = (SELECT package FROM read_before WHERE ref = late_leaf.ref)
    WHERE kind = 6 AND ref IN (SELECT ref FROM read_before);
DROP TABLE read_before;
DROP TABLE handed_before;

-- Reports of holders about what is ours, as they were signed; sealed under the content key. Only ever added at the end (0014).
CREATE TABLE access_report (
    id      INTEGER PRIMARY KEY,                  -- only grows
    case_id BLOB NOT NULL CHECK (length(case_id) = 16),
    holder  TEXT NOT NULL,
    epoch   INTEGER NOT NULL,                     -- of the holder's ledger
    begins  INTEGER NOT NULL,                     -- the first leaf that it speaks about
    ends    INTEGER NOT NULL,                     -- behind the last one
    at      INTEGER NOT NULL,                     -- when it came, by our clock
    sealed  BLOB NOT NULL                         -- zeros: erased
) STRICT;
CREATE INDEX access_report_case ON access_report (case_id);
