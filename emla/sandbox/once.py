"""A child process for one request: it is given a file, its answer is read within bounds, and it is gone.

Here: starting it, reading it, ending it. Not here: what is asked (`press.py`, `scribe.py`), and believing what is answered.
"""

import os
import selectors
import subprocess
import sys
import time

from emla.sandbox.process import child_environment

_SAID_BYTES_MAX = 64 * 1024
_SAID_SHOWN = 300
_PIECE_BYTES = 1024 * 1024


class TooMuchError(Exception):
    """The child takes more than its answer is worth."""


def ask_once(program: str, request: bytes, seconds: float, answer_bytes_max: int) -> tuple[bytes, str]:
    """Start the child and read its answer; how it ended, in words.

    Raises:
        TooMuchError: it took too long, or answered too much.
    """
    # The request is a file, so that a child that answers before it has read, or never reads, cannot block us.
    with os.fdopen(os.memfd_create("emla-order", os.MFD_CLOEXEC), "w+b") as held:
        held.write(request)
        held.seek(0)
        child = subprocess.Popen(
            (sys.executable, "-P", "-m", program),
            stdin=held,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**child_environment(), "RAYON_NUM_THREADS": "1"},
            start_new_session=True,
        )
    with child:
        try:
            answer, said = _read(child, seconds, answer_bytes_max)
        finally:
            child.kill()
    words = said.decode("ascii", "replace").strip()[-_SAID_SHOWN:]
    return answer, f"The process ended with status {child.returncode}. {words}".strip()


def _read(child: "subprocess.Popen[bytes]", seconds: float, answer_bytes_max: int) -> tuple[bytes, bytes]:
    """Everything the child writes until it ends, within bounds: it may have been taken over, and then it writes without end."""
    ends_at = time.monotonic() + seconds
    answer, said = bytearray(), bytearray()
    with selectors.DefaultSelector() as selector:
        for stream, kept, most in (
            (child.stdout, answer, answer_bytes_max),
            (child.stderr, said, _SAID_BYTES_MAX),
        ):
            if stream is not None:
                selector.register(stream, selectors.EVENT_READ, (kept, most))
        while selector.get_map():
            left = ends_at - time.monotonic()
            if left <= 0:
                raise TooMuchError("It took too long.")
            for key, _ in selector.select(left):
                piece = os.read(key.fd, _PIECE_BYTES)
                kept, most = key.data
                kept += piece
                if len(kept) > most:
                    raise TooMuchError("The answer is too large.")
                if not piece:
                    selector.unregister(key.fileobj)
    try:
        child.wait(max(0.0, ends_at - time.monotonic()))
    except subprocess.TimeoutExpired:
        raise TooMuchError("It took too long.") from None
    return bytes(answer), bytes(said)
