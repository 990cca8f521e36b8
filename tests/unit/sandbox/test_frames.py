"""Frames come out whole whatever pieces they came in, and a length nobody may send is refused before it is held."""

import random

import pytest

from emla.sandbox.frames import _ROOM_BYTES, LENGTH, Frames, WireError

MOST = 3 * _ROOM_BYTES


def put(frames: Frames, data: bytes) -> int:
    """Put as much as there is room for."""
    room = frames.room()
    count = min(len(room), len(data))
    assert count > 0
    room[:count] = data[:count]
    frames.came(count)
    return count


def test_frames_of_every_length_come_out_whole_however_they_are_cut() -> None:
    chance = random.Random(7)
    lengths = [0, 1, 5, 70_000, _ROOM_BYTES - 4, _ROOM_BYTES, 2 * _ROOM_BYTES, MOST, 3, *[34_000] * 60]
    bodies = [chance.randbytes(length) for length in lengths]
    stream = b"".join(LENGTH.pack(len(each)) + each for each in bodies)
    frames = Frames(MOST)
    found: list[bytes] = []
    place = 0
    while place < len(stream):
        place += put(frames, stream[place : place + chance.choice((1, 3, 5_000, 200_000, 900_000))])
        while (body := frames.take()) is not None:
            found.append(bytes(body))
    assert found == bodies
    assert not frames


def test_after_a_long_frame_the_buffer_is_as_small_as_before() -> None:
    frames = Frames(MOST)
    stream = LENGTH.pack(MOST) + bytes(MOST)
    place = 0
    while place < len(stream):
        place += put(frames, stream[place:])
    assert frames.take() is not None
    assert len(frames.room()) == _ROOM_BYTES


def test_a_length_above_the_limit_is_refused_before_anything_of_it_is_held() -> None:
    frames = Frames(MOST)
    put(frames, LENGTH.pack(MOST + 1))
    with pytest.raises(WireError):
        frames.take()
    with pytest.raises(WireError):
        frames.room()


def test_what_is_begun_is_still_held() -> None:
    frames = Frames(MOST)
    put(frames, LENGTH.pack(10) + b"short")
    assert frames.take() is None
    assert frames
