-- Where events are posted to, and how far each target has come. No secret is here: what signs is grown from the content key.
-- `person` is an id, or `alone` where nobody is on record. `place` as in docs/reference/events.md; NULL: from the first leaf on.

CREATE TABLE webhook (
    id            TEXT PRIMARY KEY CHECK (length(id) = 16),
    person        TEXT NOT NULL,
    roles         TEXT NOT NULL,
    url           TEXT NOT NULL,
    types         TEXT NOT NULL,
    created_at    INTEGER NOT NULL,
    place         TEXT,
    told_at       INTEGER,
    paused        TEXT CHECK (paused IN ('by-hand', 'gone', 'owner', 'place-unknown', 'restored', 'refused-target')),
    paused_at     INTEGER,
    failures      INTEGER NOT NULL,
    failed_at     INTEGER,
    failed_code   TEXT NOT NULL,
    failed_detail TEXT NOT NULL,
    CHECK ((paused IS NULL) = (paused_at IS NULL))
) STRICT, WITHOUT ROWID;
