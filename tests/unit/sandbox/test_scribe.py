"""The scribe writes acts in a process of its own; whatever becomes of that process, only a message or a refusal comes out."""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from emla.bootstrap.schema_folder import schema_folder
from emla.model.errors import InvalidMessageError, NotFoundError
from emla.model.settings import OpenerSettings
from emla.sandbox.scribe import ScribeProcess
from emla.sandbox.scribe_wire import Written, encode_written
from emla.writing.answers import Surroundings
from emla.writing.dictated import Desk, Dictated

DESK = Desk(
    situations=(),
    around=Surroundings(today="2026-06-15"),
    now=datetime(2026, 6, 15, tzinfo=UTC),
    message_id="0" * 32,
)


async def write(verb: str = "ask") -> bytes:
    scribe = ScribeProcess(schemas=schema_folder(), settings=OpenerSettings())
    return await scribe.write(Dictated(verb=verb), DESK)


async def test_what_it_refuses_is_told() -> None:
    with pytest.raises(NotFoundError, match="has no request"):
        await write()


ANSWERS = {
    "nothing": b"",
    "a code that is not its own": encode_written(Written(code="key-locked"), b""),
    "a document and a refusal": encode_written(Written(code="bad-request"), b"<x/>"),
    "torn": encode_written(Written(), b"<x/>")[:3],
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
async def test_one_that_was_taken_over_or_died_refuses_the_act_and_no_more(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, answer: bytes
) -> None:
    program, said = tmp_path / "scribe", tmp_path / "answer"
    said.write_bytes(answer)
    program.write_text(f"#!/bin/sh\nexec cat {said}\n")
    program.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(program))
    found = await asyncio.gather(write(), write(), return_exceptions=True)
    assert [each.code for each in found if isinstance(each, InvalidMessageError)] == ["check-failed"] * 2
