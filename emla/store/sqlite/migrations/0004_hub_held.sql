-- A leg whose package a hub holds still asks: it is tried when its time comes, like a READY one.
DROP INDEX leg_due;
CREATE INDEX leg_due ON leg (peer, urgent DESC, next_at) WHERE state IN ('READY', 'HUB_HELD');
