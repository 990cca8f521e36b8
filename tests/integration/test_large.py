"""An attachment larger than anybody's memory limit here passes through both gateways and both openers in pieces."""

import hashlib
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree

from emla.client.client import Client
from emla.client.upload import OpenPart, PartFile
from emla.model.package import PartRole
from tests.bench.drive import peak_memory
from tests.support.messages import ATTACHMENT_NAME, make_template
from tests.support.servers import Server, running

SIZE = 256 * 1024 * 1024
BLOCK = 1024 * 1024
MEMORY_MEBIBYTES_MAX = 200
"""Of one process; a gateway that is idle has about 75."""


def write_attachment(path: Path) -> str:
    """Write a file of `SIZE` bytes, no two blocks alike; return its SHA-256."""
    digest = hashlib.sha256()
    block = secrets.token_bytes(BLOCK)
    with path.open("wb") as file:
        for number in range(SIZE // BLOCK):
            piece = number.to_bytes(8, "big") + block[8:]
            digest.update(piece)
            file.write(piece)
    return digest.hexdigest()


def write_message(path: Path, sha256: str) -> None:
    template = make_template(sender="at.moj", recipient="de.bfj", attachment=b"x")
    root = etree.fromstring(template.fill(secrets.token_bytes(16), secrets.token_bytes(16)))
    for name, text in (("SizeBytes", str(SIZE)), ("Sha256", sha256)):
        element = root.find(f".//{{*}}Attachment/{{*}}{name}")
        assert element is not None
        element.text = text
    path.write_bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, ...]]:
    with running(tmp_path_factory.mktemp("large"), "at.moj", "de.bfj", plain=True) as started:
        yield started


async def test_a_large_attachment_never_sits_in_memory(servers: tuple[Server, ...], tmp_path: Path) -> None:
    sender, recipient = servers
    sha256 = write_attachment(tmp_path / ATTACHMENT_NAME)
    write_message(tmp_path / "message.xml", sha256)
    files = (
        ("message.xml", "application/xml", PartRole.MAIN),
        (ATTACHMENT_NAME, "application/octet-stream", PartRole.ANNEX),
    )
    parts = [
        OpenPart(PartFile(path=tmp_path / name, name=name, media=media, role=role))
        for name, media, role in files
    ]
    async with Client(sender.data / "emla.sock") as here, Client(recipient.data / "emla.sock") as there:
        submitted = await here.submit(parts)
        for known in (1, 2):
            message = await here.wait_for(submitted.pid, after=known, wait_seconds=60)
            assert len(message.acknowledgements) > known
        assert (await here.message(submitted.pid)).state == "CONSIGNED"
        await there.save_part(submitted.pid, 1, tmp_path / "saved")
    for part in parts:
        part.close()
    with (tmp_path / "saved").open("rb") as file:
        assert hashlib.file_digest(file, "sha256").hexdigest() == sha256
    peaks = {pid: peak_memory(pid) for server in servers for pid in server.process_ids()}
    assert max(peaks.values()) < MEMORY_MEBIBYTES_MAX
    leftovers = [path for server in servers for path in (server.data / "tmp").iterdir()]
    assert leftovers == []
