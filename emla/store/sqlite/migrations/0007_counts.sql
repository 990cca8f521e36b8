-- How many legs are in each state, kept by the database itself: to count a million legs takes longer than many packages.

CREATE TABLE leg_count (
    kind  TEXT NOT NULL,
    state TEXT NOT NULL,
    legs  INTEGER NOT NULL,
    PRIMARY KEY (kind, state)
) STRICT, WITHOUT ROWID;

INSERT INTO leg_count SELECT kind, state, count(*) FROM leg GROUP BY kind, state;

CREATE TRIGGER leg_born AFTER INSERT ON leg BEGIN
    INSERT INTO leg_count VALUES (NEW.kind, NEW.state, 1) ON CONFLICT DO UPDATE SET legs = legs + 1;
END;

CREATE TRIGGER leg_moved AFTER UPDATE OF state ON leg WHEN OLD.state <> NEW.state BEGIN
    UPDATE leg_count SET legs = legs - 1 WHERE kind = OLD.kind AND state = OLD.state;
    INSERT INTO leg_count VALUES (NEW.kind, NEW.state, 1) ON CONFLICT DO UPDATE SET legs = legs + 1;
END;

CREATE TRIGGER leg_gone AFTER DELETE ON leg BEGIN
    UPDATE leg_count SET legs = legs - 1 WHERE kind = OLD.kind AND state = OLD.state;
END;
