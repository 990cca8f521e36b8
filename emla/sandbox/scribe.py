"""The scribe, the parent's side: what an officer dictates goes in, the message comes out. One child process for each act.

Rules of this file:
- The gateway parses no XML and makes none (ADR 0017). The child holds no key, sees no file and no network, and has limits on
  memory and time (`scribe_child.py`).
- What comes back is a document like any that is handed in: the clerk checks it, and nothing else is believed of it.
- One at a time: a case system that dictates a hundred acts at once waits, and the gateway's processors stay free.
"""

import asyncio
import logging
import os
from pathlib import Path

from emla.model.errors import EmlaError, InvalidMessageError, NotFoundError
from emla.model.limits import XmlLimits
from emla.model.settings import OpenerSettings
from emla.sandbox.frames import WireError
from emla.sandbox.once import TooMuchError, ask_once
from emla.sandbox.scribe_wire import Order, Wanted, Written, decode_written, encode_order
from emla.writing.dictated import Desk, Dictated

_WALL_FACTOR = 4
"""An act may take this many times its processor time on the clock."""

logger = logging.getLogger("emla.sandbox")


class ScribeProcess:
    """An `emla.ports.scribe.Scribe`."""

    def __init__(self, *, schemas: Path, settings: OpenerSettings) -> None:
        """Nothing is started before somebody dictates.

        Args:
            schemas: the folder of the schemas.
            settings: processor time and memory of an act.
        """
        self._schemas = schemas.absolute()
        self._settings = settings
        self._one = asyncio.Lock()

    async def write(self, dictated: Dictated, desk: Desk) -> bytes:
        """Write the message of an act; see `emla.ports.scribe.Scribe.write`."""
        order = Order(
            schemas=str(self._schemas),
            cpu_seconds=self._settings.cpu_seconds,
            memory_bytes=self._settings.memory_bytes,
            parent=os.getpid(),
        )
        request = encode_order(order, Wanted(dictated=dictated, desk=desk))
        async with self._one:
            return await asyncio.to_thread(self._ask, request)

    def _ask(self, request: bytes) -> bytes:
        ended = ""
        try:
            answer, ended = ask_once(
                "emla.sandbox.scribe_child",
                request,
                self._settings.cpu_seconds * _WALL_FACTOR,
                2 * XmlLimits().size_bytes_max,
            )
            written, document = decode_written(answer)
        except (TooMuchError, WireError) as error:
            logger.error("scribe ended", extra={"reason": ended or str(error)})
            raise InvalidMessageError("check-failed", "The process that writes the message ended.") from None
        if written.code:
            raise _refusal(written)
        return document


def _refusal(written: Written) -> EmlaError:
    kind = NotFoundError if written.code == "not-found" else InvalidMessageError
    return kind(written.code, written.detail, findings=written.findings)
