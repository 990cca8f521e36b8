"""Servers that copy the WAL back every few packages, onto a disk that takes a moment for it: kills meet that, too."""

import time

from emla.store.sqlite import store, wal

_SYNC_SECONDS = 0.02
"""As long as a slow disk needs for some hundred pages all over a file."""
BEGUN, ENDED = "wal copied", "wal synced"
"""What a server says of it in its log."""


def copy_often(after_bytes: int) -> None:
    """In this process, from now on: copy back what exceeds so many bytes, and say when the disk is waited for."""
    wal._WAL_BYTES_MAX = after_bytes
    sync = store._Opened.sync

    def slowly(opened: store._Opened) -> None:
        print(BEGUN, flush=True)
        time.sleep(_SYNC_SECONDS)
        sync(opened)
        print(ENDED, flush=True)

    store._Opened.sync = slowly  # type: ignore[method-assign, assignment]  # that is what it is for
