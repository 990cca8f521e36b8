-- What belongs to a package names it by a number that only grows, and not by its id, which is as random as a hash: then a new row
-- goes to the end of its table and of its indexes, however many there are. Only the indexes that answer "was this here
-- before?" stay random (docs/reference/store.md).
--
-- `package` is twice `sent.id`, or twice `received.id` and one. Null: the package is neither, for it was refused or belongs to others.

ALTER TABLE leg ADD COLUMN package INTEGER;
ALTER TABLE acknowledgement ADD COLUMN package INTEGER;
UPDATE acknowledgement SET package = coalesce(
    (SELECT s.id * 2 FROM sent s WHERE s.pid = acknowledgement.pid),
    (SELECT r.id * 2 + 1 FROM received r WHERE r.pid = acknowledgement.pid));
UPDATE leg SET package = CASE kind
    WHEN 'package' THEN (SELECT s.id * 2 FROM sent s WHERE s.pid = leg.ref)
    ELSE (SELECT a.package FROM acknowledgement a WHERE a.aid = leg.ref) END;

-- An id is the hash of bytes that name package, event and issuer: where these are unique, so is the id.
DROP INDEX acknowledgement_aid;
DROP INDEX acknowledgement_event;
CREATE UNIQUE INDEX acknowledgement_event ON acknowledgement (package, event, by) WHERE package IS NOT NULL;
CREATE UNIQUE INDEX acknowledgement_stray ON acknowledgement (pid, event, by) WHERE package IS NULL;
CREATE UNIQUE INDEX acknowledgement_stray_aid ON acknowledgement (aid) WHERE package IS NULL;

DROP INDEX leg_ref;
CREATE UNIQUE INDEX leg_package ON leg (package, kind, ref, peer) WHERE package IS NOT NULL;
CREATE UNIQUE INDEX leg_stray ON leg (kind, ref, peer) WHERE package IS NULL;

CREATE TABLE inbox_next (
    received INTEGER PRIMARY KEY REFERENCES received (id),
    state    TEXT NOT NULL CHECK (state IN ('ACCEPTED', 'CONSIGNED', 'HANDED', 'QUARANTINED', 'CLOSED')),
    strikes  INTEGER NOT NULL,                    -- how often the opener died on it
    code     TEXT                                 -- of an ACCEPTED one: why it could not be opened yet
) STRICT;
INSERT INTO inbox_next
    SELECT r.id, i.state, i.strikes, i.code FROM received r JOIN inbox i ON i.pid = r.pid ORDER BY r.id;
DROP TABLE inbox;
ALTER TABLE inbox_next RENAME TO inbox;
CREATE INDEX inbox_unopened ON inbox (state) WHERE state = 'ACCEPTED';
CREATE INDEX inbox_quarantined ON inbox (state) WHERE state = 'QUARANTINED';

CREATE TABLE record_next (
    received INTEGER PRIMARY KEY REFERENCES received (id),
    sealed   BLOB NOT NULL
) STRICT;
INSERT INTO record_next SELECT r.id, c.sealed FROM received r JOIN record c ON c.pid = r.pid ORDER BY r.id;
DROP TABLE record;
ALTER TABLE record_next RENAME TO record;

CREATE TABLE hand_over_next (
    received INTEGER NOT NULL REFERENCES received (id),
    consumer TEXT NOT NULL,
    at       INTEGER NOT NULL,
    PRIMARY KEY (received, consumer)
) STRICT, WITHOUT ROWID;
INSERT INTO hand_over_next
    SELECT r.id, h.consumer, h.at FROM received r JOIN hand_over h ON h.pid = r.pid ORDER BY r.id;
DROP TABLE hand_over;
ALTER TABLE hand_over_next RENAME TO hand_over;
