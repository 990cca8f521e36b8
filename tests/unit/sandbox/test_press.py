"""The press: a page of any message, made by a process that can do nothing else."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from emla.model.errors import ConfigurationError, InvalidMessageError
from emla.model.findings import Finding, Severity
from emla.model.settings import OpenerSettings
from emla.sandbox import press
from emla.sandbox.confine import Measure
from emla.sandbox.frames import WireError
from emla.sandbox.press import Format, print_page
from emla.sandbox.press_child import _warning
from emla.sandbox.press_wire import Order, Printed, decode_printed, encode_order, encode_printed
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
order = Order(
    form={form!r}, schemas={schemas!r}, language="en", judged=True, cpu_seconds=20, memory_bytes=2**29, parent=os.getppid()
)
press(order, attempt)
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


def test_what_the_rules_find_stands_on_the_page_but_not_on_paper_to_be_signed() -> None:
    data = (SCHEMAS / "samples/S02/breaks.BR-007.no-facts.xml").read_bytes()
    page = print_page(data, Format.HTML, schemas=SCHEMAS)
    assert page.findings == 1
    assert b"The summary of the facts is missing. Add a FactSummary" in page.data
    to_sign = print_page(data, Format.HTML, schemas=SCHEMAS, judged=False)
    assert to_sign.findings == 0
    assert b"summary of the facts is missing" not in to_sign.data
    with_another_type = data.replace(b"<MessageType>MLARequest<", b"<MessageType>Decision<")
    assert b"MessageType says Decision" in print_page(with_another_type, Format.HTML, schemas=SCHEMAS).data


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


def taken_over(monkeypatch: pytest.MonkeyPatch, folder: Path, does: str) -> None:
    """Put a program in the place of the press."""
    program = folder / "press"
    program.write_text(f"#!/bin/sh\n{does}\n")
    program.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(program))


@pytest.mark.parametrize(
    ("does", "said"),
    [
        ("exec cat {answer}", "not a page"),
        ("exec head -c 4194304 /dev/zero", "too large"),
        ("exec head -c 4194304 /dev/zero >&2", "too large"),
        ("exec >&- 2>&-; kill -9 $$", "status -9. Without --pdf"),
    ],
)
def test_a_press_that_was_taken_over_cannot_hand_out_something_else_nor_without_end(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, does: str, said: str
) -> None:
    answer = tmp_path / "answer"
    answer.write_bytes(encode_printed(Printed()) + b"#!/bin/sh\n")
    taken_over(monkeypatch, tmp_path, does.format(answer=answer))
    monkeypatch.setattr(press, "ANSWER_BYTES_MAX", 2**21)
    with pytest.raises(ConfigurationError, match=said) as caught:
        print_page(sample().encode(), Format.PDF, schemas=SCHEMAS)
    assert caught.value.code == "preview-failed"


def test_a_press_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    taken_over(monkeypatch, tmp_path, "exec sleep 2")
    monkeypatch.setattr(press, "WALL_FACTOR", 0)
    with pytest.raises(ConfigurationError, match="too long"):
        print_page(sample().encode(), Format.HTML, schemas=SCHEMAS)


def test_every_thread_of_the_press_is_confined_and_typst_lays_out_in_one_of_its_own() -> None:
    order = Order(
        form="pdf",
        schemas=str(SCHEMAS),
        language="en",
        judged=True,
        cpu_seconds=20,
        memory_bytes=2**29,
        parent=os.getpid(),
    )
    program = (
        "import os, sys\nfrom emla.sandbox.press_child import press\nfrom emla.sandbox.press_wire import decode_order\n"
        "order, _ = decode_order(bytes.fromhex(sys.argv[1]))\n"
        "press(order, lambda: (os.write(1, b'confined\\n'), os.read(0, 1), b'<x/>')[2])\n"
    )
    with subprocess.Popen(
        (sys.executable, "-P", "-c", program, encode_order(order).hex()),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**child_environment(), "RAYON_NUM_THREADS": "1"},
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"confined\n"
        threads = [each.read_text() for each in Path(f"/proc/{child.pid}/task").glob("*/status")]
        child.kill()
    assert len(threads) > 1, "the test needs a library that has a thread"
    assert all("\nSeccomp:\t2\n" in each and "\nCapEff:\t0000000000000000\n" in each for each in threads)


def test_what_the_system_does_not_allow_is_said() -> None:
    def measures(**effective: bool) -> list[Measure]:
        return [
            Measure(name=name.replace("_", " "), effective=took, detail="EPERM")
            for name, took in effective.items()
        ]

    assert _warning(measures(network=True), measures(network=False, system_calls=True)) == ()
    assert _warning(measures(network=False), measures(network=False, system_calls=True)) == ()
    (said,) = _warning(measures(network=False), measures(network=False, system_calls=False))
    assert "network (EPERM)" in said
    assert "system calls (EPERM)" in said
    (said,) = _warning(measures(network=True), measures(network=True, system_calls=True, memory=False))
    assert "memory (EPERM)" in said


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
