"""The press: a page of any message, made by a process that can do nothing else."""

import subprocess
import sys
from pathlib import Path

import pytest

from emla.model.errors import ConfigurationError, InvalidMessageError
from emla.model.findings import Finding, Severity
from emla.model.settings import OpenerSettings
from emla.sandbox.frames import WireError
from emla.sandbox.press import Format, print_page
from emla.sandbox.press_wire import Printed, decode_printed, encode_printed
from emla.sandbox.process import child_environment
from tests.support.rtl import hostile, right_to_left, sample

ROOT = Path(__file__).parents[3]
SCHEMAS = ROOT / "schemas"

# A press whose document is an attempt to do what it must not; what it could not do is its answer.
_TRIES = """
import os, socket, sys
from emla.sandbox.press_child import press
from emla.sandbox.press_wire import Order
def attempt():
    for act in (lambda: open({file!r}), lambda: socket.socket(), lambda: os.fork()):
        try:
            act()
        except OSError as error:
            os.write(1, type(error).__name__.encode() + b" ")
        else:
            os.write(1, b"done ")
    return b"<x/>"
press(Order(form={form!r}, schemas={schemas!r}, language="en", cpu_seconds=20, memory_bytes=2**29, parent=os.getppid()), attempt)
"""


@pytest.mark.parametrize("form", ["html", "pdf"])
def test_when_it_reads_the_document_it_can_open_nothing_any_more(form: str) -> None:
    program = _TRIES.format(file=str(SCHEMAS / "README.md"), schemas=str(SCHEMAS), form=form)
    done = subprocess.run(
        (sys.executable, "-P", "-c", program),
        capture_output=True,
        text=True,
        env={**child_environment(), "RAYON_NUM_THREADS": "1"},
        check=False,
    )
    assert done.stdout.split() == ["PermissionError"] * 3, done.stderr


def test_a_message_becomes_an_html_page() -> None:
    page = print_page(sample().encode(), Format.HTML, schemas=SCHEMAS)
    assert b"MOJ-IAD-2026-0417" in page.data
    assert (page.findings, page.notes) == (0, ())


def test_a_message_becomes_the_same_pdf_every_time() -> None:
    latin = sample().replace("森川 節子", "Сэцуко Морикава").encode()
    page = print_page(latin, Format.PDF, schemas=SCHEMAS)
    assert page.notes == ()
    assert b"pdfaid:part" in page.data
    assert page.data == print_page(latin, Format.PDF, schemas=SCHEMAS).data


def test_hostile_and_arabic_texts_are_printed_and_never_run() -> None:
    assert print_page(hostile(), Format.PDF, schemas=SCHEMAS).data.startswith(b"%PDF-")
    assert print_page(right_to_left(), Format.PDF, schemas=SCHEMAS).data.startswith(b"%PDF-")


def test_letters_without_a_font_are_reported() -> None:
    # Egyptian hieroglyphs: no font that any system has by itself.
    text = sample().replace("森川 節子", "\U00013000\U00013001").encode()
    (note,) = print_page(text, Format.PDF, schemas=SCHEMAS).notes
    assert "Egyptian" in note


def test_a_message_that_is_not_valid_has_a_page_that_says_so() -> None:
    data = (SCHEMAS / "samples/S01/not-valid.wrong-date.xml").read_bytes()
    assert print_page(data, Format.HTML, schemas=SCHEMAS).findings == 1


def test_what_is_not_plain_xml_has_none() -> None:
    data = (SCHEMAS / "samples/S01/not-valid.dtd-entity.xml").read_bytes()
    with pytest.raises(InvalidMessageError) as caught:
        print_page(data, Format.HTML, schemas=SCHEMAS)
    assert caught.value.code == "malformed-xml"
    assert caught.value.findings[0].rule == "XML-doctype"


def test_a_press_that_needs_too_much_memory_ends_without_a_page() -> None:
    settings = OpenerSettings(memory_bytes=1024**2)
    # So large that it cannot fit into what the process happens to have left over.
    large = sample().replace("<r:Purpose>", "<r:Purpose>" + "long " * 10**6).encode()
    with pytest.raises(ConfigurationError) as caught:
        print_page(large, Format.HTML, schemas=SCHEMAS, settings=settings)
    assert caught.value.code == "preview-failed"


def test_a_press_that_was_taken_over_cannot_hand_out_something_else(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(*_: object, **__: object) -> subprocess.CompletedProcess[bytes]:
        return subprocess.CompletedProcess((), 0, encode_printed(Printed()) + b"#!/bin/sh\n", b"")

    monkeypatch.setattr(subprocess, "run", answer)
    with pytest.raises(ConfigurationError) as caught:
        print_page(sample().encode(), Format.PDF, schemas=SCHEMAS)
    assert caught.value.code == "preview-failed"


@pytest.mark.parametrize("data", [b"", b"\xff\xff\xff\xff", b"\x00\x00\x00\x09abc", b"\x00\x00\x00\x01\xc1"])
def test_an_answer_of_another_form_is_no_answer(data: bytes) -> None:
    with pytest.raises(WireError):
        decode_printed(data)


def test_a_code_that_is_not_the_childs_to_give_is_refused() -> None:
    with pytest.raises(WireError):
        decode_printed(encode_printed(Printed(code="store-failed")))


def test_findings_come_through() -> None:
    finding = Finding(rule="XML-doctype", severity=Severity.FATAL, message="m", line=3)
    printed, page = decode_printed(encode_printed(Printed(code="malformed-xml", findings=(finding,))) + b"x")
    assert (printed.findings, page) == ((finding,), b"x")
