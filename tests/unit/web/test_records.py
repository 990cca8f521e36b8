"""What TLS took that said nothing: read off the system's own count of a real connection."""

import asyncio
import socket

import pytest

from emla.web.records import ALLOWED_BYTES, is_wasteful, taken_bytes


def test_what_was_read_counts_and_what_waits_does_not() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        caller = socket.create_connection(listening.getsockname())
        taken, _ = listening.accept()
        with caller, taken:
            caller.sendall(bytes(20_000))
            transport = asyncio.BaseTransport({"socket": taken})
            assert taken_bytes(transport) == 0
            assert len(taken.recv(15_000, socket.MSG_WAITALL)) == 15_000
            assert taken_bytes(transport) == 15_000
        assert taken_bytes(transport) is None, "it is over"
    assert taken_bytes(asyncio.BaseTransport()) is None, "a simulated one counts nothing"


@pytest.mark.parametrize(
    ("taken", "said", "wasteful"),
    [
        (20_000, 0, False),
        (ALLOWED_BYTES, 0, False),
        (ALLOWED_BYTES + 1, 0, True),
        (10**9 + 10**7, 10**9, False),
        (23 * 10**6, 10**6, True),
    ],
    ids=["handshake", "allowed", "nothing-said", "large-body", "byte-by-byte"],
)
def test_what_said_little_for_what_it_cost_is_waste(taken: int, said: int, *, wasteful: bool) -> None:
    assert is_wasteful(taken, said) == wasteful
