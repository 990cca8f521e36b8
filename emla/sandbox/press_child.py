"""The press itself: reads one message document and lays it out. Started as ``python -m emla.sandbox.press_child``.

Rules of this file:
- Schemas, style, fonts and typst are loaded before the document is looked at; then the process gives up files, network and new
  processes for ever (`confine.py`), and only then reads what may be hostile.
- A message that is not valid is laid out all the same, with what is wrong with it at its head. Only what is not even plain XML
  has no page.
- Whatever is unexpected ends the process; only the kind of the error and its place are written, never words of the document.
"""

import hashlib
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterable
from importlib.resources import files
from pathlib import Path
from typing import NoReturn

from lxml import etree

from emla.formats.genericode import CodeLists
from emla.formats.schema import Schemas
from emla.formats.schema_index import Documentation
from emla.formats.schema_shape import Choice, SchemaShape, read_shape, with_labels
from emla.formats.xml import XmlDocument, parse_xml, qualified_name
from emla.model.errors import InvalidMessageError
from emla.model.limits import XmlLimits
from emla.pages.html import write_html
from emla.pages.page import Page, read_page
from emla.sandbox.child import DIED, load_schemas
from emla.sandbox.confine import (
    Measure,
    allow_processor_seconds,
    confine,
    drop_capabilities,
    leave_the_network,
    shield,
)
from emla.sandbox.press_wire import Order, Printed, decode_order, encode_printed
from emla.steps.validate import findings_of

_LENGTH_BYTES = 4
_ORDER_BYTES_MAX = 64 * 1024

Layout = Callable[[Page], tuple[bytes, tuple[str, ...]]]
"""Lays out a page; returns the bytes and notes for the person."""


class Unavailable(Exception):
    """What is wanted cannot be made by this installation; says why."""


def press(order: Order, read_document: Callable[[], bytes]) -> tuple[Printed, bytes]:
    """Load, confine, read, lay out."""
    shield()
    if os.getppid() != order.parent:
        raise SystemExit(0)  # the parent died before the kernel was asked to tell
    # typst has a thread, and it is the one that lays the page out: what is a thread's own is given up before it starts.
    early = (leave_the_network(), drop_capabilities())
    shield()  # a change of credentials undoes it
    allow_processor_seconds(order.cpu_seconds)
    schemas = load_schemas(Path(order.schemas))
    shapes = _shapes(Path(order.schemas), order.language)
    try:
        layout = _pdf() if order.form == "pdf" else _html()
    except Unavailable as error:
        return Printed(code="pdf-unavailable", detail=str(error)), b""
    warned = _warning(early, confine(order.memory_bytes))
    allow_processor_seconds(order.cpu_seconds)
    document = read_document()
    try:
        page = page_of(document, schemas, shapes, judged=order.judged)
    except InvalidMessageError as error:
        return Printed(code="malformed-xml", detail=error.detail, findings=error.findings), b""
    data, notes = layout(page)
    return Printed(notes=(*warned, *notes), findings_shown=len(page.findings)), data


def _warning(early: Iterable[Measure], late: Iterable[Measure]) -> tuple[str, ...]:
    """What the person should know where this system forbids a measure. What was given up early cannot be given up again."""
    measures = {each.name: each for each in late} | {each.name: each for each in early}
    if measures["system calls"].effective:
        del measures["network"]  # without sockets there is none, whatever the namespace
    refused = [f"{each.name} ({each.detail})" for each in measures.values() if not each.effective]
    if not refused:
        return ()
    said = f"This system does not allow all that keeps a hostile message harmless: {', '.join(refused)}."
    return (f"{said} Lay out only messages you trust, and tell your operator.",)


def page_of(document: bytes, schemas: Schemas, shape: SchemaShape, *, judged: bool = True) -> Page:
    """Read a document into a page.

    Args:
        document: its bytes.
        schemas: the compiled schemas.
        shape: the codes.
        judged: whether what identity and rules find stands at its head, too; what the schema finds always does.

    Raises:
        InvalidMessageError: ``malformed-xml``.
    """
    tree: XmlDocument = parse_xml(document, XmlLimits())
    root = qualified_name(tree.root)
    return read_page(
        tree,
        index=schemas.index_of(root) if root in schemas.roots else None,
        shape=shape,
        findings=findings_of(tree, schemas=schemas) if judged else schemas.validate(tree),
        fingerprint=hashlib.sha256(document).hexdigest(),
    )


def _shapes(schemas: Path, language: str) -> SchemaShape:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    codes: dict[str, dict[str, Documentation]] = {}
    content: dict[str, tuple[str | Choice, ...]] = {}
    lists: dict[str, str] = {}
    for folder in sorted(schemas.glob("[0-9]*.[0-9]*")):
        shape = read_shape(folder, parser)
        codes |= shape.codes
        content |= shape.content
        lists |= shape.lists
    shape = SchemaShape(content=content, codes=codes, lists=lists)
    return with_labels(shape, CodeLists(schemas), language)


def _html() -> Layout:
    style = files("emla.pages").joinpath("page.css").read_text(encoding="utf-8")
    return lambda page: (write_html(page, style), ())


def _pdf() -> Layout:
    try:
        from emla.sandbox.typesetter import load_typesetter
    except ImportError:
        raise Unavailable("The package typst is not installed.") from None
    return load_typesetter()


def main() -> NoReturn:
    """Answer one order on standard input, then end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C at a terminal is for the parent
    status = 0
    try:
        head = sys.stdin.buffer.read(_LENGTH_BYTES)
        length = int.from_bytes(head)
        if length > _ORDER_BYTES_MAX:
            raise ValueError("an order of that length")
        order, _ = decode_order(head + sys.stdin.buffer.read(length))
        printed, page = press(order, sys.stdin.buffer.read)
        sys.stdout.buffer.write(encode_printed(printed))
        sys.stdout.buffer.write(page)
        sys.stdout.buffer.flush()
    except BaseException as error:  # noqa: BLE001 - whatever it is, it ends the process and says where
        places = [
            f"{Path(frame.f_code.co_filename).name}:{line}"
            for frame, line in traceback.walk_tb(error.__traceback__)
        ]
        os.write(2, f"{type(error).__name__} at {' '.join(places)}\n".encode()[-2000:])
        status = DIED
    os._exit(status)


if __name__ == "__main__":
    main()
