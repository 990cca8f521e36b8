"""The scribe's port: in the sandbox too, for what it writes from was said by others.

Apart from the other ports of the sandbox: a process that opens or checks packages need not load all that writing one takes.
"""

from typing import Protocol

from emla.writing.dictated import Desk, Dictated


class Scribe(Protocol):
    """Writes the messages of acts that are dictated, one after another. What it writes is checked like any message."""

    async def write(self, dictated: Dictated, desk: Desk) -> bytes:
        """Write the message of an act.

        Raises:
            InvalidMessageError: as `emla.writing.dictated.write_act`; ``check-failed``: the process ended over it.
            NotFoundError: ``not-found``.
        """
        ...
