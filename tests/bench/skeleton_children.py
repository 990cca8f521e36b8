"""The skeleton's children, clerk and opener, and the gateway's end of their sockets (`skeleton.py`).

Started as ``python -m tests.bench.skeleton_children clerk|opener FD``.
"""

import asyncio
import hashlib
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import cast

from lxml import etree

from emla.bootstrap.schema_folder import schema_folder
from emla.formats import cc1, h1

DOCUMENT_BYTES = 8 * 1024
_BINDING, _SEED = bytes(32), bytes(32)
STANZA_BYTES = len(h1.wrap(h1.SealingKey(_SEED).public, bytes(32), _BINDING))
_LENGTH = 4
_AT_ONCE = 8


def framed(bodies: Sequence[bytes | memoryview]) -> bytes:
    return b"".join(part for each in bodies for part in (len(each).to_bytes(_LENGTH, "big"), each))


def frames_of(data: bytes | bytearray) -> tuple[list[bytes], int]:
    """The whole frames at the beginning, and where the rest begins."""
    found, at = [], 0
    while at + _LENGTH <= len(data):
        end = at + _LENGTH + int.from_bytes(data[at : at + _LENGTH], "big")
        if end > len(data):
            break
        found.append(bytes(data[at + _LENGTH : end]))
        at = end
    return found, at


def _child(descriptor: int, steps: Sequence[Callable[[bytes], bytes]]) -> None:
    """Take what has come, at most eight; one step for all of them, then the next; answer in one write."""
    connection = socket.socket(fileno=descriptor)
    held = bytearray()
    while True:
        frames, end = frames_of(held)
        del held[:end]
        if not frames:
            data = connection.recv(1 << 20)
            if not data:
                return
            held += data
            continue
        for begin in range(0, len(frames), _AT_ONCE):
            values = frames[begin : begin + _AT_ONCE]
            for step in steps:
                values = [step(each) for each in values]
            connection.sendall(framed(values))


def _checker() -> Callable[[bytes], None]:
    message_schema = etree.XMLSchema(etree.parse(schema_folder() / "1.0" / "request.xsd"))
    parser = etree.XMLParser(resolve_entities=False, no_network=True)

    def check(document: bytes) -> None:
        if not message_schema.validate(etree.fromstring(document, parser)):
            raise AssertionError("The document of the bench is not valid.")

    return check


def clerk(descriptor: int) -> None:
    """XML and XSD; then the key is wrapped, and the stream sealed."""
    check, public = _checker(), h1.SealingKey(_SEED).public

    def checked(body: bytes) -> bytes:
        length = _LENGTH + int.from_bytes(body[:_LENGTH], "big")
        check(body[length : length + DOCUMENT_BYTES])
        return body[length:]

    def sealed(stream: bytes) -> bytes:
        cek = os.urandom(32)
        hashlib.sha256(stream).digest()
        return h1.wrap(public, cek, _BINDING) + cc1.seal_all(cek, stream)

    _child(descriptor, (checked, sealed))


def opener(descriptor: int) -> None:
    """The key is unwrapped and the stream opened; then XML and XSD."""
    check, key = _checker(), h1.SealingKey(_SEED)

    def opened(package: bytes) -> bytes:
        cek = key.unwrap(package[:STANZA_BYTES], _BINDING)
        assert cek is not None
        stream = cc1.open_all(cek, package[STANZA_BYTES:])
        assert stream is not None
        hashlib.sha256(stream).digest()
        return stream

    def judged(stream: bytes) -> bytes:
        check(stream[:DOCUMENT_BYTES])
        return b"."

    _child(descriptor, (opened, judged))


class Child(asyncio.Protocol):
    """The gateway's end of a child's socket; answers come in the order of the questions."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._asked: list[asyncio.Future[bytes]] = []
        self._transport: asyncio.WriteTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)  # uvloop's own class

    def data_received(self, data: bytes) -> None:
        self._held += data
        answers, end = frames_of(self._held)
        del self._held[:end]
        for answer, asked in zip(answers, self._asked[: len(answers)], strict=True):
            asked.set_result(answer)
        del self._asked[: len(answers)]

    def ask(self, body: bytes) -> "asyncio.Future[bytes]":
        asked = asyncio.get_running_loop().create_future()
        self._asked.append(asked)
        self._transport.writelines([len(body).to_bytes(_LENGTH, "big"), body])
        return asked


async def start(role: str) -> Child:
    ours, theirs = socket.socketpair()
    for each in (ours, theirs):
        each.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    number = theirs.fileno()
    subprocess.Popen([sys.executable, "-m", __spec__.name, role, str(number)], pass_fds=[number])
    theirs.close()
    ours.setblocking(False)
    _, child = await asyncio.get_running_loop().create_connection(Child, sock=ours)
    return child


if __name__ == "__main__":
    {"clerk": clerk, "opener": opener}[sys.argv[1]](int(sys.argv[2]))
