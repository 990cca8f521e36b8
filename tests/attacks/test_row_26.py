"""Row 26. Decryption oracle: 10^5 malformed stanzas, measure time and text.

Expected: one error, no key-dependent timing class. Here some hundred stanzas, damaged in each of their parts;
the medians are printed for a person to compare and not asserted, because a busy machine proves nothing.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median
from types import FrameType
from typing import Any

import emla
from emla.formats import h1, header
from emla.model.errors import InvalidPackageError
from emla.model.package import Header
from emla.steps import unseal
from tests.support.authorities import build, derived, party

TraceFunction = Callable[[FrameType, str, Any], Any]  # what sys.settrace takes

AT, DE, HK = party("at.moj"), party("de.bfj"), party("hk.doj")
GOOD = build(AT, DE).header
STANZA = GOOD.stanza
HBIND = header.header_binding(GOOD)
LOW_ORDER = bytes(32)


def flipped(place: int) -> bytes:
    return STANZA[:place] + bytes([STANZA[place] ^ 1]) + STANZA[place + 1 :]


KINDS: dict[str, Callable[[int], bytes]] = {
    "lattice part": lambda number: flipped(number * 17 % 1088),
    "curve part": lambda number: flipped(1088 + number % 31),
    "sealed key": lambda number: flipped(1120 + number % 32),
    "tag": lambda number: flipped(1152 + number % 16),
    "low-order point": lambda _: STANZA[:1088] + LOW_ORDER + STANZA[1120:],
    "noise": lambda number: derived("noise", number, length=h1.STANZA_BYTES),
    "other key": lambda _: h1.wrap(HK.seal.public, bytes(32), HBIND),
    "other header": lambda _: h1.wrap(DE.seal.public, bytes(32), b"other"),
}


def refuse(forged: Header) -> InvalidPackageError:
    try:
        unseal.open_stanza(forged, DE.find_key)
    except InvalidPackageError as error:
        return error
    raise AssertionError("a damaged stanza was opened")


def test_every_damaged_stanza_gets_one_class_one_code_and_one_text() -> None:
    answers = set()
    for number in range(64):
        for make in KINDS.values():
            error = refuse(replace(GOOD, stanza=make(number)))
            answers.add((type(error), error.code, error.detail, str(error), error.args, error.__cause__))
    assert len(answers) == 1
    assert next(iter(answers))[1] == "stanza-mismatch"


OURS = str(Path(emla.__file__).parent) + "/"


def lines_run(forged: Header) -> list[tuple[str, int]]:
    """Every line of our own code that runs, in order: two kinds of damage must not take two ways."""
    seen: list[tuple[str, int]] = []

    def trace(frame: FrameType, event: str, _: object) -> TraceFunction | None:
        name = frame.f_code.co_filename
        if not name.startswith(OURS):
            return None
        if event == "line":
            seen.append((name, frame.f_lineno))
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        refuse(forged)
    finally:
        sys.settrace(before)
    return seen


def test_our_code_takes_one_way_whichever_part_is_damaged() -> None:
    ways = {kind: lines_run(replace(GOOD, stanza=make(3))) for kind, make in KINDS.items()}
    assert all(ways.values())
    assert len({tuple(way) for way in ways.values()}) == 1


def test_the_medians_are_shown() -> None:
    for kind, make in KINDS.items():
        times = []
        for number in range(100):
            forged = replace(GOOD, stanza=make(number))
            begun = time.perf_counter_ns()
            refuse(forged)
            times.append(time.perf_counter_ns() - begun)
        assert times
        print(f"{kind:16} median {median(times) / 1000:8.1f} us")
