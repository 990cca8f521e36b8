"""What clerk and opener do of emla's own with each package, timed alone on documents of the load (`share.py`).

Made as the children make it (`emla.sandbox.prepare`, `emla.sandbox.examine`), in this process. What the skeleton's children do
too is timed beside it and taken off: bare parse and schema, key exchange, cipher, one hash of the payload.
"""

import hashlib
import os
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lxml import etree

from emla.bootstrap.schema_folder import schema_folder
from emla.formats import at_rest, cc1, ed1, h1
from emla.formats import header as header_form
from emla.formats.act_at_rest import seal_act
from emla.formats.legal_act import read_legal_act
from emla.formats.message import read_message
from emla.formats.schema import Schemas
from emla.formats.xml import parse_xml
from emla.model.documents import CardKey, KeyUse
from emla.model.limits import WIRE, XmlLimits
from emla.model.package import CardReference, DeclaredPart, OpenedPackage, PartRole, SealedPackage
from emla.model.record import Record
from emla.model.terms import RECEIVING, Terms
from emla.rules.context import Context
from emla.rules.table import check as check_rules
from emla.sandbox import clerk_wire, examine, prepare, wire
from emla.steps import validate
from emla.steps.address import address
from emla.steps.seal import Envelope
from tests.support.messages import ATTACHMENT_NAME, Template

CASES, RULES, LINE = "cases", "rules", "issue 2"
_DOCUMENTS, _ROUNDS, _SECONDS = 48, 5, 0.04
_SENDER, _RECIPIENT = "aa.one", "bb.two"


@dataclass(frozen=True, slots=True)
class Part:
    """A part of emla's own work with one package: in which process, who asked for it, and its microseconds."""

    process: str
    name: str
    asked: str
    microseconds: float


def _each(action: Callable[..., object], given: Iterable[Sequence[Any]]) -> float:
    """Microseconds of processor time of one call, over all that is given; the median of some rounds."""
    several = list(given)
    begun = time.perf_counter()
    for arguments in several:
        action(*arguments)
    times = max(1, int(_SECONDS / (time.perf_counter() - begun)))
    rounds = []
    for _ in range(_ROUNDS):
        begun = time.process_time()
        for _ in range(times):
            for arguments in several:
                action(*arguments)
        rounds.append((time.process_time() - begun) / times / len(several) * 1e6)
    return statistics.median(rounds)


class _Desk:
    """Documents of the load, each checked, sealed and opened once."""

    def __init__(self, template: Template) -> None:
        def roomy() -> bool:
            return False

        self.schemas, self.limits = Schemas(schema_folder()), XmlLimits()
        self.key, self.content_key = h1.SealingKey(os.urandom(32)), os.urandom(32)
        self.desk = prepare.Desk(schemas=self.schemas, limits=self.limits, memory_is_tight=roomy)
        self.tools = examine.Tools(
            sealing_key=lambda _: self.key,
            content_key=self.content_key,
            schemas=self.schemas,
            limits=self.limits,
            memory_is_tight=roomy,
        )
        self.terms = Terms(sending=True, today=datetime.now(UTC).date())
        self.documents = [template.fresh() for _ in range(_DOCUMENTS)]
        sizes = (len(template.data), len(template.attachment))
        names = ("request.xml", ATTACHMENT_NAME)
        self.parts = tuple(
            DeclaredPart(name=name, media="application/octet-stream", role=role, size=size)
            for name, size, role in zip(names, sizes, (PartRole.MAIN, PartRole.ANNEX), strict=True)
        )
        self.bodies = [each + template.attachment for each in self.documents]
        self.envelopes = [self._envelope() for _ in self.documents]
        begun = [prepare.begin(each, self.desk) for each in self.documents]
        self.checked = [prepare.check(each, _SENDER, _RECIPIENT, self.desk, self.terms) for each in begun]
        self.read = [each for each in begun if isinstance(each, validate.ReadDocument)]
        sealed = [prepare.seal_parts(*each) for each in self.to_seal()]
        signer = ed1.SigningKey(os.urandom(32), "0" * 32)
        self.packages = [
            (address(each.draft, seq=1, prev=None, signer=signer), b"".join(pieces))
            for each, pieces in sealed
        ]
        self.found = [
            clerk_wire.Found(
                checked=checked,
                manifest=each.manifest,
                stanza=each.draft.stanza,
                commit=each.draft.payload.commit,
            )
            for checked, (each, _) in zip(self.checked, sealed, strict=True)
        ]
        self.opened = [
            opened for each in self.packages if isinstance(opened := self.open(*each), OpenedPackage)
        ]
        self.payload = self.packages[0][1]

    def _envelope(self) -> Envelope:
        card = CardReference(version=1, sha256=os.urandom(32))
        key = CardKey(
            kid="0" * 32, use=KeyUse.SEAL, alg=h1.NAME, public=self.key.public, not_before=0, not_after=2**40
        )
        now = int(time.time())
        return Envelope(
            sender=_SENDER,
            recipient=_RECIPIENT,
            recipient_key=key,
            sender_card=card,
            recipient_card=card,
            epoch=1,
            msg=os.urandom(16),
            payload_id=os.urandom(16),
            cek=os.urandom(32),
            salt=os.urandom(32),
            created=now,
            expires=now + WIRE.expiry_seconds_min,
            prio=None,
        )

    def to_seal(self) -> list[tuple[Any, ...]]:
        several = zip(self.bodies, self.envelopes, self.checked, strict=True)
        return [(body, self.parts, envelope, checked) for body, envelope, checked in several]

    def open(self, package: SealedPackage, payload: bytes) -> object:
        def read(start: int, end: int) -> bytes:
            return payload[start:end]

        return examine.open_package(package.signed, package.pid, read, self.tools)


def children(template: Template) -> list[Part]:
    """The parts of both children."""
    desk = _Desk(template)
    checks = _checks(desk)
    return [
        *(Part("clerk", *each) for each in (*_checks_of(checks, desk.terms, desk), *_sealing(desk))),
        *(Part("opener", *each) for each in (*_checks_of(checks, RECEIVING, desk), *_opening(desk))),
    ]


_Row = tuple[str, str, float]


def _checks(desk: _Desk) -> list[_Row]:
    """The parts of a check that both ends have."""
    bare_schema = etree.XMLSchema(etree.parse(schema_folder() / "1.0" / "request.xsd"))
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    documents = [(each,) for each in desk.documents]

    def bare(document: bytes) -> None:
        bare_schema.validate(etree.fromstring(document, parser))

    def read(document: bytes) -> None:
        desk.schemas.validate(parse_xml(document, desk.limits))

    trees = [(each.document,) for each in desk.read]
    return [
        (
            "pre-pass, tree and schema beyond the bare ones",
            LINE,
            _each(read, documents) - _each(bare, documents),
        ),
        ("message read", LINE, _each(read_message, trees)),
        ("Schematron rules", RULES, _each(desk.schemas.rules.check, trees)),
        (
            "act of the case read",
            CASES,
            _each(read_legal_act, ((each.data, each.document, each.message) for each in desk.read)),
        ),
    ]


def _checks_of(checks: list[_Row], terms: Terms, desk: _Desk) -> list[_Row]:
    """The same with what depends on the side; identity and the rest of judging are what is left of the whole."""

    def rules(each: validate.ReadDocument) -> None:
        treaties = validate._treaties(desk.schemas)
        list(
            check_rules(
                Context(document=each.document, message=each.message, terms=terms, instruments=treaties)
            )
        )

    def judge(each: validate.ReadDocument) -> None:
        validate.judge(each, schemas=desk.schemas, sender=_SENDER, recipient=_RECIPIENT, terms=terms)

    given = [(each,) for each in desk.read]
    own = _each(rules, given)
    left = _each(judge, given) - own - sum(each[2] for each in checks[2:])
    return [*checks, ("rules in Python", RULES, own), ("identity, the rest of judging", LINE, max(left, 0.0))]


def _sealing(desk: _Desk) -> list[_Row]:
    both = [(each,) for each in desk.envelopes]
    theirs = (
        _each(lambda each: h1.wrap(desk.key.public, each.cek, bytes(32)), both)
        + _each(lambda each: cc1.seal_all(each.cek, desk.payload), both)
        + _each(lambda: hashlib.sha256(desk.payload).digest(), [()] * 8)
    )
    frames = [
        (memoryview(b"".join(clerk_wire.encode_task(task, body)))[4:],)
        for task, body in zip(_tasks(desk), desk.bodies, strict=True)
    ]
    return [
        ("manifest, commitments, padding", LINE, _each(prepare.seal_parts, desk.to_seal()) - theirs),
        (
            "hand-over",
            LINE,
            _each(clerk_wire.decode_task, frames)
            + _each(clerk_wire.encode_found, ((each, [desk.payload]) for each in desk.found)),
        ),
    ]


def _tasks(desk: _Desk) -> list[clerk_wire.Task]:
    return [
        clerk_wire.Task(
            sender=_SENDER, recipient=_RECIPIENT, parts=desk.parts, envelope=each, terms=desk.terms
        )
        for each in desk.envelopes
    ]


def _opening(desk: _Desk) -> list[_Row]:
    key, nonce = desk.content_key, os.urandom(at_rest.NONCE_BYTES)
    headers = [(each.header, header_form.header_binding(each.header)) for each, _ in desk.packages]
    sealed = cc1.seal_all(key, desk.payload[: -cc1.sealed_size(0)])
    theirs = _each(lambda header, bound: desk.key.unwrap(header.stanza, bound), headers) + _each(
        lambda: cc1.open_all(key, sealed), [()] * 8
    )
    records = [
        (Record(manifest=each.manifest_bytes, cek=each.cek, findings=()), package.pid)
        for each, (package, _) in zip(desk.opened, desk.packages, strict=True)
    ]
    acts = [(each.act, package.pid) for each, (package, _) in zip(desk.checked, desk.packages, strict=True)]
    requests = [
        (memoryview(b"".join(wire.encode_request(package.pid, package.signed, payload)))[4:],)
        for package, payload in desk.packages
    ]
    return [
        ("header, manifest, commitments, hashes of parts", LINE, _each(desk.open, desk.packages) - theirs),
        (
            "record sealed",
            LINE,
            _each(
                lambda each, pid: at_rest.seal_record(each, content_key=key, nonce=nonce, pid=pid), records
            ),
        ),
        (
            "act of the case sealed",
            CASES,
            _each(lambda each, pid: seal_act(each, content_key=key, nonce=nonce, pid=pid), acts),
        ),
        ("hand-over", LINE, _each(wire.decode_request, requests)),
    ]
