"""A running opener with keys of its own."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from emla.formats import at_rest
from emla.keyring.files import StoredKey
from emla.model.record import Record
from emla.model.settings import OpenerSettings
from emla.ports.sandbox import Verdict
from emla.sandbox.opener import OpenerProcess
from tests.support.opener_packages import SCHEMAS, BuiltPackage, write_opener_keys


@dataclass(frozen=True, kw_only=True)
class House:
    """An opener and the keys it holds."""

    opener: OpenerProcess
    sealing: StoredKey
    content: StoredKey

    async def open(self, package: BuiltPackage, payload: bytes | Path | None = None) -> Verdict:
        """Open a package; `payload` stands for its own sealed bytes where it is given."""
        return await self.opener.open(
            package.signed, package.pid, package.payload if payload is None else payload
        )

    def record(self, package: BuiltPackage, verdict: Verdict) -> Record:
        """The record in a verdict."""
        record = at_rest.open_record(verdict.record, content_key=self.content.seed, pid=package.pid)
        assert record is not None
        return record


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    sealing, content = write_opener_keys(tmp_path / "keys")
    opener = OpenerProcess(keys=tmp_path / "keys", schemas=SCHEMAS, settings=OpenerSettings())
    await opener.start()
    try:
        yield House(opener=opener, sealing=sealing, content=content)
    finally:
        await opener.close()
