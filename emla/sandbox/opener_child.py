"""The opener process itself. Started as ``python -m emla.sandbox.opener_child FD``.

Rule of this file: small packages that came together are opened one after another, then read, then judged: the code of each step
stays in the processor's cache. A package whose payload is a file is alone. Answers keep the order of the requests.
"""

import os
import secrets
import sys
from dataclasses import replace

from lxml import etree

from emla.formats import ed1, h1
from emla.keyring.files import OPENER_USES, FileUse, make_key, read_keys
from emla.model.documents import CardKey, KeyUse
from emla.model.errors import ConfigurationError, InvalidMessageError
from emla.model.limits import WIRE, XmlLimits
from emla.model.message import SigningOfficer
from emla.model.package import CardReference, OpenedPackage, PartRole, Priority
from emla.ports.sandbox import Verdict
from emla.sandbox.channel import Channel
from emla.sandbox.child import PeakMemory, load_schemas, run
from emla.sandbox.confine import allow_processor_seconds
from emla.sandbox.examine import Tools, begin, examine, judge, open_package
from emla.sandbox.wire import REQUEST_BYTES_MAX, Request, Start, decode_request, encode_answer
from emla.steps.address import address
from emla.steps.seal import SealingPlan, seal
from emla.steps.unseal import ReadPayload
from emla.steps.validate import ReadDocument

AT_ONCE = 8
"""Requests of which one step is done before the next."""
CPU_BYTES_PER_SECOND = 32 * 1024 * 1024
"""A large payload gets a second of processor time more for each so many bytes; decrypting them takes about a tenth."""


class OpenerWork:
    """Opens packages; implements `emla.sandbox.child.Work`."""

    """What peers and officers wait for goes first; opening what is already safe on disk takes the processor time that is left."""
    frame_bytes_max = REQUEST_BYTES_MAX

    def __init__(self) -> None:
        self._tools: Tools
        self._cpu_seconds: int

    def load(self, start: Start, memory: PeakMemory) -> None:
        """Read keys and schemas."""
        if start.keys is None:
            raise ConfigurationError("unreadable-key", "No folder of keys was named.")
        keys = read_keys(start.keys, OPENER_USES, start.wrapping)
        self._cpu_seconds = start.cpu_seconds
        self._tools = Tools(
            sealing_key=keys.sealing_key,
            content_key=keys.content_key,
            schemas=load_schemas(start.schemas),
            limits=XmlLimits(),
            memory_is_tight=memory.is_tight,
        )

    def attempt(self) -> None:
        """Open two packages of our own making, sealed to a key of the moment: one of no known schema, one that is invalid."""
        _try(self._tools)

    def serve(self, channel: Channel) -> None:
        """Answer each package with its verdict, several in one write where several came."""
        while frames := channel.receive_several(AT_ONCE):
            small: list[tuple[Request, ReadPayload]] = []
            for request in map(decode_request, frames):
                if request.payload is not None:
                    small.append((request, _in_memory(request.payload)))
                    continue
                channel.send_several(self._examine(small))
                small = []
                verdict = _examine_file(request, channel.take_descriptor(), self._tools, self._cpu_seconds)
                channel.send(encode_answer(verdict))
            channel.send_several(self._examine(small))

    def _examine(self, small: list[tuple[Request, ReadPayload]]) -> list[bytes]:
        opened: list[OpenedPackage | Verdict] = []
        for request, read in small:
            allow_processor_seconds(self._cpu_seconds)
            opened.append(open_package(bytes(request.header), request.pid, read, self._tools))
        begun: list[tuple[OpenedPackage, ReadDocument | InvalidMessageError] | Verdict] = []
        for each in opened:
            allow_processor_seconds(self._cpu_seconds)
            begun.append(each if isinstance(each, Verdict) else (each, begin(each, self._tools)))
        answers: list[bytes] = []
        for (request, _), one in zip(small, begun, strict=True):
            allow_processor_seconds(self._cpu_seconds)
            verdict = one if isinstance(one, Verdict) else judge(*one, request.pid, self._tools)
            answers.append(encode_answer(verdict))
        return answers


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


if __name__ == "__main__":
    run(int(sys.argv[1]), OpenerWork())
