"""Unsealing: parts over chunk borders, memory, and the order of the rungs. Each fault alone:
tests/vectors/package.
"""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emla.model.errors import InvalidPackageError
from emla.model.message import SigningOfficer
from emla.model.package import Manifest, Part, PartRole
from emla.steps.unseal import PartWalk, PayloadStream, unseal
from tests.support.authorities import MAIN, Parts, Tampering, build, derived, party

AT, DE = party("at.moj"), party("de.bfj")


def refusal(*, tampering: Tampering, largest: int = 1 << 20) -> str:
    package = build(AT, DE, tampering=tampering)
    with pytest.raises(InvalidPackageError) as caught:
        unseal(package.header, package.read, DE.find_key, largest)
    return caught.value.code


def test_a_main_part_larger_than_accepted_is_not_held_in_memory() -> None:
    assert refusal(tampering=Tampering(), largest=len(MAIN) - 1) == "too-large"
    package = build(AT, DE)
    assert unseal(package.header, package.read, DE.find_key, len(MAIN)).main == MAIN


def test_without_the_key_there_is_no_way_in() -> None:
    package = build(AT, DE)
    with pytest.raises(InvalidPackageError) as caught:
        unseal(package.header, package.read, lambda _: None, 1 << 20)
    assert caught.value.code == "stanza-mismatch"


def test_the_stanza_is_judged_before_the_commitment_and_that_before_the_chunks() -> None:
    broken = Tampering(payload=lambda data: bytes(len(data)))
    assert refusal(tampering=broken) == "chunk-damaged"
    wrong_key = Tampering(payload=lambda data: bytes(len(data)), wrapped_cek=lambda _: bytes(32))
    assert refusal(tampering=wrong_key) == "commit-mismatch"
    wrong_all = Tampering(
        payload=lambda data: bytes(len(data)), wrapped_cek=lambda _: bytes(32), stanza=lambda _: bytes(1168)
    )
    assert refusal(tampering=wrong_all) == "stanza-mismatch"


def test_not_a_chunk_is_read_before_the_commitment_holds() -> None:
    package = build(AT, DE, tampering=Tampering(wrapped_cek=lambda _: bytes(32)))

    def read(start: int, end: int) -> bytes:
        raise AssertionError(f"bytes {start} to {end} were read")

    with pytest.raises(InvalidPackageError):
        unseal(package.header, read, DE.find_key, 1 << 20)


def test_chunks_are_read_one_at_a_time_and_each_at_most_twice() -> None:
    parts: Parts = (
        (PartRole.MAIN, "application/xml", "m", MAIN),
        (PartRole.ANNEX, "a/b", "x", derived("x", length=400_000)),
    )
    package = build(AT, DE, parts=parts)
    reads: list[int] = []

    def read(start: int, end: int) -> bytes:
        reads.append(end - start)
        return package.payload[start:end]

    unseal(package.header, read, DE.find_key, 1 << 20)
    assert max(reads) == 65552
    assert len(reads) <= 2 + len(package.payload) // 65552 + 1


@given(length=st.integers(0, 700))
def test_the_tail_of_a_stream_is_its_end(length: int) -> None:
    package = build(AT, DE, wrap=lambda *_: bytes(1168))
    stream = PayloadStream(package.header, package.cek, package.read)
    if length <= len(package.stream):
        assert stream.tail(length) == package.stream[len(package.stream) - length :]
    else:
        with pytest.raises(InvalidPackageError):
            stream.tail(length)


def manifest_of(pieces: list[bytes]) -> Manifest:
    roles = [PartRole.MAIN, *([PartRole.ANNEX] * len(pieces))]
    return Manifest(
        salt=bytes(32),
        sender=AT.id,
        recipients=(DE.id,),
        payload_id=bytes(16),
        conversation=bytes(16),
        message="MLARequest",
        in_reply_to=None,
        officer=SigningOfficer(name="", post=""),
        created=0,
        parts=tuple(
            Part(role=role, media="a/b", name="", size=len(piece), sha256=hashlib.sha256(piece).digest())
            for role, piece in zip(roles, pieces, strict=False)
        ),
    )


pieces = st.lists(st.binary(max_size=9), min_size=1, max_size=5)


@given(parts=pieces, zeros=st.integers(0, 9), step=st.integers(1, 12))
def test_parts_come_out_whole_wherever_the_stream_is_cut(parts: list[bytes], zeros: int, step: int) -> None:
    stream = b"".join(parts) + bytes(zeros)
    walk = PartWalk(manifest_of(parts), len(stream))
    out: list[bytes] = []
    for start in range(0, len(stream), step):
        out += [bytes(piece) for _, piece in walk.take(stream[start : start + step])]
    walk.take(b"")
    walk.finish()
    assert b"".join(out) == b"".join(parts)


@given(parts=pieces.filter(any), zeros=st.integers(0, 9), step=st.integers(1, 12), data=st.data())
def test_a_byte_changed_anywhere_before_the_manifest_is_noticed(
    parts: list[bytes], zeros: int, step: int, data: st.DataObject
) -> None:
    stream = bytearray(b"".join(parts) + bytes(zeros))
    stream[data.draw(st.integers(0, len(stream) - 1))] ^= 1
    walk = PartWalk(manifest_of(parts), len(stream))

    def feed() -> None:
        for start in range(0, len(stream), step):
            walk.take(bytes(stream[start : start + step]))

    with pytest.raises(InvalidPackageError):
        feed()


@given(parts=pieces.filter(any), zeros=st.integers(0, 9))
def test_a_stream_that_ends_early_is_noticed(parts: list[bytes], zeros: int) -> None:
    stream = b"".join(parts) + bytes(zeros)
    walk = PartWalk(manifest_of(parts), len(stream))
    walk.take(stream[:-1])
    with pytest.raises(InvalidPackageError):
        walk.finish()
