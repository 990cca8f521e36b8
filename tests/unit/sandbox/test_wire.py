"""Frames between gateway and opener: what one side writes the other reads, and anything else is refused."""

import os
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from emla.keyring.wrapping import WrappingKeys
from emla.model.record import SealedAct
from emla.ports.sandbox import Verdict
from emla.sandbox.channel import Channel
from emla.sandbox.confine import Measure
from emla.sandbox.frames import LENGTH, WireError
from emla.sandbox.wire import (
    REQUEST_BYTES_MAX,
    Ready,
    Start,
    decode_answer,
    decode_ready,
    decode_request,
    decode_start,
    encode_answer,
    encode_ready,
    encode_request,
    encode_start,
)

PID = bytes(range(32))
START = Start(keys=Path("/k"), schemas=Path("/s"), cpu_seconds=60, memory_bytes=512 << 20, parent=7)
READY = Ready(measures=(Measure(name="core", effective=True, detail="no core dump"),))
VERDICTS = (
    Verdict(code=None, record=b"record"),
    Verdict(code="invalid-message", record=b"r" * 100_000),
    Verdict(code="chunk-damaged", record=b""),
    Verdict(
        code=None,
        record=b"record",
        act=SealedAct(
            case_id=bytes(16), related=((bytes(16), "CONSEQUENCE"),), sealed=b"sealed", files=(bytes(16),)
        ),
    ),
)


def body(frame: bytes) -> memoryview:
    assert LENGTH.unpack_from(frame)[0] == len(frame) - LENGTH.size
    return memoryview(frame)[LENGTH.size :]


def test_what_is_encoded_decodes_to_the_same() -> None:
    assert decode_start(body(encode_start(START))) == START
    without_keys = replace(START, keys=None)
    assert decode_start(body(encode_start(without_keys))) == without_keys
    unlocking = replace(START, wrapping=WrappingKeys({"seal": b"s" * 32, "content": b"c" * 32}))
    assert decode_start(body(encode_start(unlocking))) == unlocking
    assert repr(b"s" * 32) not in repr(unlocking)
    assert decode_ready(body(encode_ready(READY))) == READY
    refused = Ready(code="unreadable-key", detail="keys/x is missing.")
    assert decode_ready(body(encode_ready(refused))) == refused
    for verdict in VERDICTS:
        assert decode_answer(body(encode_answer(verdict))) == verdict


@pytest.mark.parametrize("given", [{"sign": b"s" * 32}, {"seal": b"short"}])
def test_a_child_takes_no_wrapping_key_of_another_use_or_size(given: dict[str, bytes]) -> None:
    with pytest.raises(WireError):
        decode_start(body(encode_start(replace(START, wrapping=WrappingKeys(given)))))


@pytest.mark.parametrize("payload", [None, b"", b"sealed" * 1000])
def test_a_request_keeps_its_header_and_payload_apart(payload: bytes | None) -> None:
    request = decode_request(body(b"".join(encode_request(PID, b"header", payload))))
    assert (request.pid, bytes(request.header)) == (PID, b"header")
    assert (None if request.payload is None else bytes(request.payload)) == payload


def test_every_torn_request_is_refused_or_plainly_shorter() -> None:
    whole = body(b"".join(encode_request(PID, b"header", None)))
    for length in range(len(whole)):
        with pytest.raises(WireError):
            decode_request(whole[:length])
    with pytest.raises(WireError):
        decode_request(memoryview(b"\x02" + bytes(whole[1:])))


@pytest.mark.parametrize("answer", [b"", b"\x05ab", b"\x01", b"\x03abc", b"\x01\xff", b"\xff" + b"a" * 254])
def test_an_answer_a_child_may_not_give_is_refused(answer: bytes) -> None:
    with pytest.raises(WireError):
        decode_answer(memoryview(answer))


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"measures":[],"detail":"","code":"unheard-of"}'])
def test_a_first_frame_of_another_form_is_refused(data: bytes) -> None:
    with pytest.raises(WireError):
        decode_ready(memoryview(data))
    with pytest.raises(WireError):
        decode_start(memoryview(data))


# --- the child's end ---


def pair() -> tuple[socket.socket, Channel]:
    ours, theirs = socket.socketpair()
    return ours, Channel(theirs, REQUEST_BYTES_MAX)


def test_frames_arrive_whole_however_they_are_cut() -> None:
    ours, channel = pair()
    bodies = [os.urandom(n * 997) for n in range(40)]
    stream = b"".join(LENGTH.pack(len(each)) + each for each in bodies)
    received: list[bytes] = []
    with ours:
        for place in range(0, len(stream), 5_001):
            ours.sendall(stream[place : place + 5_001])
            while len(received) < len(bodies) and place + 5_001 >= _end_of(bodies, len(received)):
                view = channel.receive()
                assert view is not None
                received.append(bytes(view))
    assert received == bodies
    assert channel.receive() is None
    channel.close()


def _end_of(bodies: list[bytes], number: int) -> int:
    return sum(LENGTH.size + len(each) for each in bodies[: number + 1])


def test_descriptors_arrive_with_their_requests_in_order(tmp_path: Path) -> None:
    ours, channel = pair()
    with ours:
        for number in range(12):
            (tmp_path / str(number)).write_text(f"payload {number}")
            with (tmp_path / str(number)).open("rb") as file:
                socket.send_fds(ours, [b"".join(encode_request(PID, b"h%d" % number, None))], [file.fileno()])
            ours.sendall(b"".join(encode_request(PID, b"inline", b"bytes")))
    for number in range(12):
        view = channel.receive()
        assert view is not None
        assert bytes(decode_request(view).header) == b"h%d" % number
        descriptor = channel.take_descriptor()
        assert os.pread(descriptor, 99, 0) == b"payload %d" % number
        os.close(descriptor)
        inline = channel.receive()
        assert inline is not None
        assert decode_request(inline).payload is not None
    channel.close()


def test_a_request_without_its_descriptor_is_refused() -> None:
    ours, channel = pair()
    ours.sendall(b"".join(encode_request(PID, b"header", None)))
    channel.receive()
    with pytest.raises(WireError):
        channel.take_descriptor()
    channel.close()
    ours.close()


def test_a_frame_that_is_too_long_or_ends_early_is_refused() -> None:
    for data in (LENGTH.pack(REQUEST_BYTES_MAX + 1), LENGTH.pack(10) + b"short"):
        ours, channel = pair()
        with ours:
            ours.sendall(data)
        with pytest.raises(WireError):
            channel.receive()
        channel.close()


def test_descriptors_nobody_took_are_closed(tmp_path: Path) -> None:
    ours, channel = pair()
    (tmp_path / "x").touch()
    with ours, (tmp_path / "x").open("rb") as file:
        socket.send_fds(ours, [b"".join(encode_request(PID, b"h", None))], [file.fileno()])
        channel.receive()
        before = len(list(Path("/proc/self/fd").iterdir()))
        channel.close()
        assert len(list(Path("/proc/self/fd").iterdir())) == before - 2


@pytest.mark.parametrize(
    "verdict",
    [
        Verdict(code="invalid-message", record=b"", act=SealedAct(case_id=bytes(16), related=(), sealed=b"")),
        Verdict(code=None, record=b"", act=SealedAct(case_id=bytes(15), related=(), sealed=b"")),
        Verdict(
            code=None, record=b"", act=SealedAct(case_id=bytes(16), related=(), sealed=b"", files=(b"",))
        ),
        Verdict(code=None, record=b"", act=SealedAct(case_id=bytes(16), related=((b"", "X"),), sealed=b"")),
        Verdict(
            code=None,
            record=b"",
            act=SealedAct(case_id=bytes(16), related=((bytes(16), "X" * 65),), sealed=b""),
        ),
        Verdict(
            code=None,
            record=b"",
            act=SealedAct(case_id=bytes(16), related=((bytes(16), "X"),) * 65, sealed=b""),
        ),
    ],
)
def test_an_act_an_opener_may_not_give_is_refused(verdict: Verdict) -> None:
    with pytest.raises(WireError):
        decode_answer(memoryview(encode_answer(verdict)[LENGTH.size :]))
