"""An opener without a process: it examines on the spot, and dies when a test tells it to."""

from pathlib import Path

from emla.formats import h1
from emla.model.errors import StoreError
from emla.model.limits import XmlLimits
from emla.ports.sandbox import SandboxDiedError, Verdict
from emla.sandbox.examine import Tools, examine
from tests.support.authorities import Party
from tests.support.sample_case import schemas


class InlineOpener:
    """Implements `emla.ports.sandbox.Opener` with the code the real opener runs, in this process."""

    def __init__(self, owner: Party, content_key: bytes) -> None:
        self._tools = Tools(
            sealing_key=self._key,
            content_key=content_key,
            schemas=schemas(),
            limits=XmlLimits(),
            memory_is_tight=lambda: False,
        )
        self._owner = owner
        self.deaths_to_come = 0
        """How many of the next calls end in a death."""
        self.calls = 0

    def _key(self, kid: str) -> h1.SealingKey | None:
        return self._owner.find_key(kid)

    async def open(self, signed_header: bytes, pid: bytes, payload: bytes | Path) -> Verdict:
        """Examine a package, or die."""
        self.calls += 1
        if self.deaths_to_come:
            self.deaths_to_come -= 1
            raise SandboxDiedError("told to")
        try:
            data = payload if isinstance(payload, bytes) else payload.read_bytes()
        except OSError as error:
            raise StoreError("store-failed", str(error.strerror)) from error
        return examine(signed_header, pid, lambda start, end: data[start:end], self._tools)
