"""The opener's parent: implements `emla.ports.sandbox.Opener` with a child process that holds the sealing and content keys."""

import os
from functools import partial
from pathlib import Path

from emla.keyring.wrapping import WrappingKeys
from emla.model.settings import OpenerSettings
from emla.ports.sandbox import Verdict
from emla.sandbox.opener_child import AT_ONCE
from emla.sandbox.wire import Start, decode_answer, encode_request
from emla.sandbox.worker import Worker


class OpenerProcess(Worker[Verdict]):
    """An `emla.ports.sandbox.Opener`."""

    def __init__(
        self, *, keys: Path, schemas: Path, settings: OpenerSettings, wrapping: WrappingKeys | None = None
    ) -> None:
        """Nothing is started yet.

        Args:
            keys: the folder of the key files; the child reads the sealing and content keys itself.
            schemas: the folder of the schemas.
            settings: processor time and memory of a package.
            wrapping: what unlocks those files; kept for whenever a child is started.
        """
        start = Start(
            keys=keys.absolute(),
            schemas=schemas.absolute(),
            cpu_seconds=settings.cpu_seconds,
            memory_bytes=settings.memory_bytes,
            parent=os.getpid(),
            wrapping=wrapping,
        )
        super().__init__("opener", "emla.sandbox.opener_child", start, decode_answer, at_once=AT_ONCE)

    async def open(self, signed_header: bytes, pid: bytes, payload: bytes | Path) -> Verdict:
        """Open one package; see `emla.ports.sandbox.Opener.open`.

        Raises:
            SandboxDiedError: the child died or ran into a limit on this package.
            StoreError: ``store-failed``: the payload's file cannot be opened; ``stopping``: after `close`.
        """
        if isinstance(payload, Path):
            file = partial(os.open, payload, os.O_RDONLY | os.O_CLOEXEC)
            return await self.ask(encode_request(pid, signed_header, None), file)
        return await self.ask(encode_request(pid, signed_header, payload))
