"""Between gateway and clerk: what one side writes the other reads, and anything else is refused."""

from dataclasses import replace

import msgspec
import pytest

from emla.model.findings import Finding, Severity
from emla.model.package import DeclaredPart, PartRole
from emla.sandbox.clerk_child import _TRIAL, _trial
from emla.sandbox.clerk_wire import Found, Task, decode_found, decode_task, encode_found, encode_task
from emla.sandbox.frames import LENGTH, WireError

CHECKED = replace(
    _TRIAL, findings=(Finding(rule="BR-001", severity=Severity.WARNING, message="\u00e9", line=3),)
)
FOUND = Found(checked=CHECKED, manifest=b"manifest", stanza=bytes(1168), commit=bytes(32))


def body(buffers: tuple[bytes | memoryview, ...]) -> memoryview:
    frame = b"".join(buffers)
    assert LENGTH.unpack_from(frame)[0] == len(frame) - LENGTH.size
    return memoryview(frame)[LENGTH.size :]


def test_a_task_arrives_as_it_was_given() -> None:
    task = replace_task(_trial(5), checked=CHECKED)
    found, rest = decode_task(body(encode_task(task, b"12345")))
    assert (found, bytes(rest)) == (task, b"12345")
    only_check = Task(sender="xx.one", recipient=None, by_descriptor=True)
    found, rest = decode_task(body(encode_task(only_check, b"")))
    assert (found, bytes(rest)) == (only_check, b"")


def replace_task(task: Task, **changes: object) -> Task:
    return msgspec.structs.replace(task, **changes)


def test_an_answer_arrives_as_it_was_given() -> None:
    assert decode_found(body(encode_found(FOUND, [b"sealed ", b"bytes"]))) == (FOUND, b"sealed bytes")
    refused = Found(code="invalid-message", detail="why", findings=CHECKED.findings)
    assert decode_found(body(encode_found(refused, []))) == (refused, b"")


@pytest.mark.parametrize(
    "found",
    [
        Found(),
        Found(code="unheard-of"),
        Found(checked=replace(CHECKED, message=replace(CHECKED.message, message_id=bytes(15)))),
        Found(checked=replace(CHECKED, message=replace(CHECKED.message, case_id=bytes(17)))),
        msgspec.structs.replace(FOUND, stanza=bytes(3)),
        msgspec.structs.replace(FOUND, commit=bytes(31)),
        msgspec.structs.replace(FOUND, manifest=bytes(1024 * 1024 + 1)),
    ],
)
def test_an_answer_a_clerk_may_not_give_is_refused(found: Found) -> None:
    with pytest.raises(WireError):
        decode_found(body(encode_found(found, [b"sealed"])))


@pytest.mark.parametrize("payload", [[], [bytes(256 * 1024 + 1)]])
def test_a_payload_of_a_size_that_is_none_is_refused(payload: list[bytes]) -> None:
    with pytest.raises(WireError):
        decode_found(body(encode_found(FOUND, payload)))


@pytest.mark.parametrize(
    "frame",
    [b"", b"\0\0", b"\0\0\0\x05abc", b"\0\0\0\x01\xc1", b"\0\0\0\x01\x90", b"\0\0\0\x03\x93\x01\x02"],
)
def test_what_is_not_of_its_type_is_refused_on_both_sides(frame: bytes) -> None:
    with pytest.raises(WireError):
        decode_task(memoryview(frame))
    with pytest.raises(WireError):
        decode_found(memoryview(frame))


def test_every_torn_task_is_refused() -> None:
    whole = body(encode_task(_trial(0), b""))
    for length in range(len(whole)):
        with pytest.raises(WireError):
            decode_task(whole[:length])


def test_types_inside_are_checked_too() -> None:
    part = DeclaredPart(name="a", media="b", role=PartRole.MAIN, size=1)
    lie = replace_task(_trial(1), parts=(replace(part, size="much"),))  # type: ignore[arg-type]  # the lie
    with pytest.raises(WireError):
        decode_task(body(encode_task(lie, b"x")))


@pytest.mark.parametrize(
    "member", ["message_id", "case_id", "sender", "recipient", "message_type", "in_reply_to"]
)
def test_the_act_of_another_message_is_no_answer(member: str) -> None:
    other: object = b"0" * 16 if member in ("message_id", "case_id", "in_reply_to") else "zz.evil"
    act = replace(CHECKED.act, **{member: other})  # type: ignore[arg-type]
    found = msgspec.structs.replace(FOUND, checked=replace(CHECKED, act=act))
    with pytest.raises(WireError):
        decode_found(body(encode_found(found, [b"sealed"])))
