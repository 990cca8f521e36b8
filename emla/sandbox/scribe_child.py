"""The scribe itself: writes the message of one act. Started as ``python -m emla.sandbox.scribe_child``.

Rules of this file:
- The schemas are loaded first; then the process gives up files, network and new processes for ever (`confine.py`), and only then
  reads what is to be written: words of a case come from another state.
- Whatever is unexpected ends the process; only the kind of the error and its place are written, never words of the message.
"""

import os
import signal
import sys
import traceback
from dataclasses import replace
from pathlib import Path
from typing import NoReturn
from zoneinfo import available_timezones

from emla.model.errors import EmlaError
from emla.sandbox.child import DIED
from emla.sandbox.confine import allow_processor_seconds, confine, shield
from emla.sandbox.scribe_wire import Written, decode_order, decode_wanted, encode_written
from emla.writing.dictated import write_act
from emla.writing.lore import load_lore


def scribe(data: bytes) -> bytes:
    """Load, confine, read, write."""
    shield()
    order, body = decode_order(data)
    if os.getppid() != order.parent:
        raise SystemExit(0)  # the parent died before the kernel was asked to tell
    allow_processor_seconds(order.cpu_seconds)
    lore, zones = load_lore(Path(order.schemas)), frozenset(available_timezones())
    confine(order.memory_bytes)
    wanted = decode_wanted(body)
    around = replace(wanted.desk.around, time_zones=zones)
    try:
        document = write_act(lore, wanted.dictated, replace(wanted.desk, around=around))
    except EmlaError as error:
        return encode_written(
            Written(code=error.code, detail=error.detail, findings=tuple(error.findings)), b""
        )
    return encode_written(Written(), document)


def main() -> NoReturn:
    """Answer one order on standard input, then end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C at a terminal is for the parent
    status = 0
    try:
        sys.stdout.buffer.write(scribe(sys.stdin.buffer.read()))
        sys.stdout.buffer.flush()
    except BaseException as error:  # noqa: BLE001 - whatever it is, it ends the process and says where
        places = [
            f"{Path(frame.f_code.co_filename).name}:{line}"
            for frame, line in traceback.walk_tb(error.__traceback__)
        ]
        os.write(2, f"{type(error).__name__} at {' '.join(places)}\n".encode()[-2000:])
        status = DIED
    os._exit(status)


if __name__ == "__main__":
    main()
