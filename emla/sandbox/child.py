"""The opener process itself: load, confine, then one package after another until the socket ends.

Started as ``python -m emla.sandbox.child FD``.

Rules of this file:
- Everything is read and tried once before the process is confined, and tried again after: what does not work confined fails at
  the start and not at the first package.
- Whatever is unexpected ends the process. Only the kind of the error and the lines it passed are written, never its words:
  they may quote what a package holds.
"""

import gc
import os
import re
import secrets
import signal
import socket
import sys
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from lxml import etree

from emla.formats import ed1, h1
from emla.formats.schema import Schemas
from emla.keyring.files import OPENER_USES, FileUse, make_key, read_keys
from emla.model.documents import CardKey, KeyUse
from emla.model.errors import ConfigurationError
from emla.model.limits import WIRE, XmlLimits
from emla.model.message import SigningOfficer
from emla.model.package import CardReference, PartRole, Priority
from emla.ports.sandbox import Verdict
from emla.sandbox.channel import Channel
from emla.sandbox.confine import Measure, allow_processor_seconds, confine, shield
from emla.sandbox.examine import Tools, examine
from emla.sandbox.wire import Ready, Request, Start, decode_request, decode_start, encode_answer, encode_ready
from emla.steps.address import address
from emla.steps.seal import SealingPlan, seal
from emla.steps.unseal import ReadPayload

DIED = 70
"""Exit status after an unexpected error (EX_SOFTWARE)."""
WORKING_BYTES_MIN = 16 * 1024 * 1024
"""Memory that must be left when everything is loaded."""
CPU_BYTES_PER_SECOND = 32 * 1024 * 1024
"""A large payload gets a second of processor time more for each so many bytes; decrypting them takes about a tenth."""


def main(descriptor: int) -> NoReturn:
    """Serve one socketpair, then end the process."""
    channel = Channel(socket.socket(fileno=descriptor))
    try:
        status = _live(channel)
    except BrokenPipeError:
        status = 0
    except BaseException as error:  # noqa: BLE001 - whatever it is, it ends the process and says where
        _report(error)
        status = DIED
    # At once, and while the socket is open: to the parent the end of the socket is the end of the process.
    os._exit(status)


def _live(channel: Channel) -> int:
    first = channel.receive()
    if first is None:
        return 0
    start = decode_start(first)
    first[:] = bytes(len(first))  # it may hold wrapping keys, and this buffer lives as long as the process
    try:
        tools, measures = _prepare(start)
    except ConfigurationError as error:
        channel.send(encode_ready(Ready(code=error.code, detail=error.detail)))
        return 0
    channel.send(encode_ready(Ready(measures=measures)))
    _serve(channel, tools, start.cpu_seconds)
    return 0


def _prepare(start: Start) -> tuple[Tools, tuple[Measure, ...]]:
    # Ctrl-C at a terminal is for the parent, which ends us when it has finished.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    shield()
    if os.getppid() != start.parent:
        raise SystemExit(0)  # the parent died before the kernel was asked to tell
    allow_processor_seconds(start.cpu_seconds)
    keys = read_keys(start.keys, OPENER_USES, start.wrapping)
    try:
        schemas = Schemas(start.schemas)
        schemas.preload()
    except OSError as error:
        raise ConfigurationError(
            "unreadable-file", f"The schemas in {start.schemas} cannot be read."
        ) from error
    tools = Tools(
        sealing_key=keys.sealing_key,
        content_key=keys.content_key,
        schemas=schemas,
        limits=XmlLimits(),
        memory_is_tight=lambda: False,
    )
    _try(tools)
    gc.collect()
    gc.freeze()
    peak_bytes = _peak_reader()
    measures = confine(start.memory_bytes)
    bytearray(WORKING_BYTES_MIN)  # fails here, at the start, where the limit leaves too little to work with
    most = peak_bytes() + start.memory_bytes // 4
    tools = replace(tools, memory_is_tight=lambda: peak_bytes() > most)
    _try(tools)
    return tools, measures


def _peak_reader() -> Callable[[], int]:
    """What tells the most resident memory this process ever had, in bytes; always 0 where the system does not tell.

    The file stays open, because none can be opened later. (`getrusage` does not do: its peak begins with the parent's.)
    """
    try:
        status = os.open("/proc/self/status", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return lambda: 0

    def peak_bytes() -> int:
        found = re.search(rb"VmHWM:\s*(\d+) kB", os.pread(status, 8192, 0))
        return int(found[1]) * 1024 if found else 0

    return peak_bytes


def _serve(channel: Channel, tools: Tools, cpu_seconds: int) -> None:
    while (body := channel.receive()) is not None:
        request = decode_request(body)
        if request.payload is not None:
            allow_processor_seconds(cpu_seconds)
            verdict = examine(bytes(request.header), request.pid, _in_memory(request.payload), tools)
        else:
            verdict = _examine_file(request, channel.take_descriptor(), tools, cpu_seconds)
        channel.send(encode_answer(verdict))


def _in_memory(payload: bytes | memoryview) -> ReadPayload:
    return lambda start, end: payload[start:end]


def _examine_file(request: Request, descriptor: int, tools: Tools, cpu_seconds: int) -> Verdict:
    try:
        size_bytes = os.lseek(descriptor, 0, os.SEEK_END)
        allow_processor_seconds(cpu_seconds + size_bytes // CPU_BYTES_PER_SECOND)
        return examine(
            bytes(request.header),
            request.pid,
            lambda start, end: os.pread(descriptor, end - start, start),
            tools,
        )
    finally:
        os.close(descriptor)


def _try(tools: Tools) -> None:
    """Open two packages of our own making, sealed to a key of the moment: one of no known schema, one that is invalid."""
    key = make_key(FileUse.SEAL, seed=secrets.token_bytes(32), created=0)
    private = h1.SealingKey(key.seed, key.kid)
    tools = replace(tools, sealing_key=lambda _: private)
    root = etree.QName(tools.schemas.roots[0])
    invalid = f'<{root.localname} xmlns="{root.namespace}"><x/></{root.localname}>'
    for document, expected in ((b"<unheard-of/>", None), (invalid.encode(), "invalid-message")):
        signed, pid, payload = _own_package(key.kid, private.public, document)
        verdict = examine(signed, pid, _in_memory(payload), tools)
        if verdict.code != expected or not verdict.record:
            raise AssertionError("The opener does not open its own package.")


def _own_package(kid: str, public: bytes, document: bytes) -> tuple[bytes, bytes, bytes]:
    card = CardReference(version=1, sha256=bytes(32))
    plan = SealingPlan(
        sender="xx.one",
        recipient="xx.two",
        recipient_key=CardKey(
            kid=kid, use=KeyUse.SEAL, alg=h1.NAME, public=public, not_before=0, not_after=1
        ),
        sender_card=card,
        recipient_card=card,
        epoch=1,
        msg=bytes(16),
        payload_id=bytes(16),
        cek=secrets.token_bytes(32),
        salt=bytes(32),
        created=0,
        expires=WIRE.expiry_seconds_min,
        prio=Priority.NORMAL,
        conversation=bytes(16),
        message="Trial",
        in_reply_to=None,
        officer=SigningOfficer(name="opener", post="trial"),
    )
    sealed = seal(plan, [(PartRole.MAIN, "application/xml", "trial.xml", document)])
    signer = ed1.SigningKey(secrets.token_bytes(32), "0" * 32)
    package = address(sealed.draft, seq=1, prev=None, signer=signer)
    if sealed.payload is None:
        raise AssertionError("A payload that was sealed whole is there.")
    return package.signed, package.pid, sealed.payload


def _report(error: BaseException) -> None:
    """Say what ended the process and where, without the error's words."""
    places = [
        f"{Path(frame.f_code.co_filename).name}:{line}"
        for frame, line in traceback.walk_tb(error.__traceback__)
    ]
    os.write(2, f"{type(error).__name__} at {' '.join(places)}\n".encode()[-2000:])


if __name__ == "__main__":
    main(int(sys.argv[1]))
