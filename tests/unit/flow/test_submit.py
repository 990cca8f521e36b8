"""Submit: a message is taken whole and once, or nothing of it is kept."""

import asyncio
import hashlib
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from emla.flow.dockets import Dockets
from emla.flow.gateway import Peer
from emla.flow.line.submission import Submission, Submitted
from emla.flow.line.submit import Submit
from emla.flow.news import News
from emla.formats.at_rest import open_record
from emla.formats.event import decode as decode_event
from emla.formats.header import decode as decode_header
from emla.formats.header import decode_signed
from emla.model.acknowledgement import Event
from emla.model.documents import Authority
from emla.model.errors import EmlaError, InvalidMessageError
from emla.model.findings import Override
from emla.model.leg import Leg, LegKind, LegState
from emla.model.limits import XmlLimits
from emla.model.package import DeclaredPart, PartRole, Priority
from emla.steps.verify_acknowledgement import verify_acknowledgement
from tests.support.authorities import DAY, NOW, derived, party
from tests.support.gateways import CONTENT_KEY, Home, MemorySource, opened, peer_row, select
from tests.support.inline_clerk import InlineClerk
from tests.support.messages import ATTACHMENT_NAME, Template, make_template
from tests.support.sample_case import schemas

AT, DE = party("at.moj"), party("de.bfj")
SHORT = InvalidMessageError("bad-request", "short")
SMALL = make_template(sender=AT.id, recipient=DE.id, attachment=b"annex " * 1000)
LARGE = make_template(sender=AT.id, recipient=DE.id, attachment=bytes(range(256)) * 1500)


def document(template: Template = SMALL, number: int = 1) -> bytes:
    return template.fill(derived("message", number, length=16), derived("case", number, length=16))


@dataclass
class Hall:
    """A gateway with its submission journey."""

    home: Home
    submit: Submit
    clerk: InlineClerk
    recipient: str | None = None
    """What the next submissions declare."""
    legs: list[Leg] = field(default_factory=list)
    overrides: tuple[Override, ...] = ()

    async def __call__(
        self,
        main: bytes,
        *attachments: tuple[str, bytes],
        cut: int = 0,
        priority: Priority | None = None,
        roles: tuple[PartRole, ...] = (),
        declared_main: int | None = None,
    ) -> Submitted:
        parts = [
            DeclaredPart(name="request.xml", media="application/xml", role=PartRole.MAIN, size=len(main))
        ]
        parts += [
            DeclaredPart(name=name, media="application/octet-stream", role=PartRole.ANNEX, size=len(data))
            for name, data in attachments
        ]
        for number, role in enumerate(roles):
            parts[number] = replace(parts[number], role=role)
        if declared_main is not None:
            parts[0] = replace(parts[0], size=declared_main)
        body = b"".join([main, *(data for _, data in attachments)])
        source = MemorySource(body[: len(body) - cut], short=SHORT)
        return await self.submit(
            Submission(
                parts=tuple(parts),
                source=source,
                recipient=self.recipient,
                priority=priority,
                overrides=self.overrides,
            )
        )

    async def refused(self, *arguments: object, **named: object) -> EmlaError:
        """Hand in what must be refused; nothing of it may be left."""
        before = self.home.contents()
        with pytest.raises(EmlaError) as caught:
            await self(*arguments, **named)  # type: ignore[arg-type]  # handed on as they are
        assert self.home.contents() == before
        return caught.value


@pytest.fixture(params=[None, DE.id], ids=["undeclared", "declared"])
async def hall(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Hall]:
    """With and without a declared recipient, everything is the same to the submitter."""
    async with opened(tmp_path, AT, DE) as home:
        legs: list[Leg] = []
        clerk = InlineClerk(schemas())
        submit = Submit(home.gateway, clerk, XmlLimits(), legs.append, Dockets(home.gateway, News()))
        yield Hall(home, submit, clerk, request.param, legs)


def annex(template: Template = SMALL) -> tuple[str, bytes]:
    return ATTACHMENT_NAME, template.attachment


async def test_a_message_that_was_taken_is_durable_with_leg_and_acknowledgement(hall: Hall) -> None:
    submitted = await hall(document(), annex())
    read = hall.home.store.read
    row = read.sent(submitted.pid)
    assert row is not None
    assert not submitted.repeated
    header = decode_header(decode_signed(row.signed).payload)
    assert (header.seq, header.prev, header.recipient) == (1, None, DE.id)
    assert hashlib.sha256(read.payload(row.payload_sha256) or b"").digest() == header.payload.sha256
    leg = read.leg_of(LegKind.PACKAGE, submitted.pid)
    assert leg is not None
    assert hall.legs == [leg]
    assert leg.state is LegState.READY
    bundle = read.bundle(submitted.pid, Event.SUBMISSION_ACCEPTANCE)
    assert bundle is not None
    subject = hall.home.gateway.sent_subject(submitted.pid)
    verify_acknowledgement(bundle, issuer=AT.authority, subject=subject)
    assert hall.home.leftovers() == []


async def test_a_large_one_is_a_file_under_the_hash_its_header_names(hall: Hall) -> None:
    submitted = await hall(document(LARGE), annex(LARGE))
    row = hall.home.store.read.sent(submitted.pid)
    assert row is not None
    assert hall.home.store.read.payload(row.payload_sha256) is None
    path = hall.home.blobs.path(row.payload_sha256)
    assert hall.home.leftovers() == [path]
    assert hashlib.sha256(path.read_bytes()).digest() == row.payload_sha256
    assert path.stat().st_size == row.payload_size


async def test_a_rule_is_overridden_with_a_reason_that_the_ledger_keeps(hall: Hall) -> None:
    law = document().index(b"<ProvisionTextAttachment>"), document().index(b"<MaximumPenalty>")
    without = document()[: law[0]] + document()[law[1] :]
    assert (await hall.refused(without, annex())).code == "invalid-message"
    reason = "The text of the law follows by courier."
    hall.overrides = (
        Override(rule="BR-012a", reason=reason),
        Override(rule="BR-013", reason="never needed"),
    )
    submitted = await hall(without, annex())
    row = hall.home.store.read.sent(submitted.pid)
    assert row is not None
    record = open_record(row.record, content_key=CONTENT_KEY, pid=submitted.pid)
    assert record is not None
    assert [(each.rule, each.override) for each in record.findings] == [("BR-012a", reason)]
    bodies = select(hall.home.data, "SELECT body FROM event WHERE kind = 'rule.overridden'")
    (facts,) = (decode_event(body).facts for (body,) in bodies if isinstance(body, bytes))
    assert facts == {
        "message": derived("message", 1, length=16).hex(),
        "rule": "BR-012a",
        "reason": reason,
        "officer": "Tomoko Hayase",
        "post": "Director, International Affairs Division",
    }


async def test_messages_to_one_recipient_follow_each_other(hall: Hall) -> None:
    pids = [(await hall(document(number=n), annex())).pid for n in (1, 2, 3)]
    headers = []
    for pid in pids:
        signed = hall.home.store.read.sent_signed(pid)
        assert signed is not None
        headers.append(decode_header(decode_signed(signed).payload))
    assert [each.seq for each in headers] == [1, 2, 3]
    assert [each.prev for each in headers] == [None, pids[0], pids[1]]


async def test_ids_on_the_wire_begin_with_the_time_of_their_package(hall: Hall) -> None:
    signed = hall.home.store.read.sent_signed((await hall(document(), annex())).pid)
    assert signed is not None
    header = decode_header(decode_signed(signed).payload)
    for each in (header.msg, header.payload.id):
        assert uuid.UUID(bytes=each).version == 7
        assert int.from_bytes(each[:6], "big") == header.created * 1000
    assert header.msg[8:] != header.payload.id[8:]


async def test_the_same_message_again_gets_the_same_answer(hall: Hall) -> None:
    first = await hall(document(), annex())
    before = hall.home.contents()
    second = await hall(document(), annex())
    assert (second.pid, second.repeated) == (first.pid, True)
    assert hall.home.contents() == before
    assert len(hall.legs) == 1


async def test_it_gets_it_also_when_the_recipients_documents_have_expired_since(hall: Hall) -> None:
    first = await hall(document(), annex())
    hall.home.clock.at = NOW + 400.0 * DAY
    assert (await hall(document(), annex())).pid == first.pid


@pytest.mark.parametrize("template", [SMALL, LARGE], ids=["row", "file"])
async def test_two_copies_handed_in_at_once_become_one(hall: Hall, template: Template) -> None:
    answers = await asyncio.gather(*(hall(document(template), annex(template)) for _ in range(4)))
    assert len({each.pid for each in answers}) == 1
    assert sorted(each.repeated for each in answers) == [False, True, True, True]
    found = hall.home.contents()
    assert (found["sent"], found["leg"], found["acknowledgement"], found["leaf"]) == (1, 1, 1, 2)
    assert len(hall.legs) == 1


async def test_other_content_under_the_same_message_id_is_refused(hall: Hall) -> None:
    await hall(document(), annex())
    other = document() + b"\n"
    error = await hall.refused(other, annex())
    assert error.code == "message-id-reused"


async def test_an_unknown_recipient_is_refused(hall: Hall) -> None:
    unknown = make_template(sender=AT.id, recipient="fr.moj", attachment=SMALL.attachment)
    hall.recipient = hall.recipient and "fr.moj"
    error = await hall.refused(document(unknown), annex())
    assert error.code == "unknown-recipient"
    assert "fr.moj" in error.detail


def expired(authority: Authority) -> Authority:
    return replace(authority, card=replace(authority.card, expires=NOW))


async def test_an_expired_card_of_the_recipient_is_refused(hall: Hall) -> None:
    hall.home.gateway.directory.peers[DE.id] = Peer(authority=expired(DE.authority), row=peer_row(DE))
    error = await hall.refused(document(), annex())
    assert error.code == "document-expired"
    assert DE.id in error.detail


async def test_an_expired_card_of_ours_is_refused(hall: Hall) -> None:
    gateway = hall.home.gateway
    gateway.identity = replace(gateway.identity, authority=expired(AT.authority))
    error = await hall.refused(document(), annex())
    assert error.code == "document-expired"
    assert AT.id in error.detail


async def test_another_senders_message_is_refused(hall: Hall) -> None:
    foreign = make_template(sender="fr.moj", recipient=DE.id, attachment=SMALL.attachment)
    error = await hall.refused(document(foreign), annex())
    assert error.code in ("invalid-message", "not-sender")


async def test_a_missing_attachment_is_refused_and_named(hall: Hall) -> None:
    error = await hall.refused(document())
    assert error.code == "missing-attachment"
    assert ATTACHMENT_NAME in str(error.findings)


async def test_an_attachment_the_message_does_not_name_is_refused(hall: Hall) -> None:
    error = await hall.refused(document(), annex(), ("other.pdf", b"%PDF"))
    assert error.code == "unnamed-attachment"
    assert "other.pdf" in str(error.findings)


async def test_an_attachment_handed_in_twice_is_refused(hall: Hall) -> None:
    assert (await hall.refused(document(), annex(), annex())).code == "unnamed-attachment"


@pytest.mark.parametrize("template", [SMALL, LARGE], ids=["row", "file"])
async def test_an_attachment_that_changed_is_refused_and_no_file_is_left(
    hall: Hall, template: Template
) -> None:
    changed = template.attachment[:-1] + b"!"
    error = await hall.refused(document(template), (ATTACHMENT_NAME, changed))
    assert error.code == "attachment-changed"
    assert error.findings


async def test_an_attachment_of_another_size_is_refused_before_it_is_read(hall: Hall) -> None:
    error = await hall.refused(document(), (ATTACHMENT_NAME, SMALL.attachment + b"!"), cut=10**6)
    assert error.code in ("attachment-changed", "bad-request")
    error = await hall.refused(document(), (ATTACHMENT_NAME, SMALL.attachment[:-1]))
    assert error.code == "attachment-changed"


@pytest.mark.parametrize("template", [SMALL, LARGE], ids=["row", "file"])
@pytest.mark.parametrize("cut", [1, 5000])
async def test_a_body_that_ends_early_is_refused_and_no_file_is_left(
    hall: Hall, template: Template, cut: int
) -> None:
    error = await hall.refused(document(template), annex(template), cut=cut)
    assert error.code == "bad-request"


async def test_a_main_document_that_is_too_large_is_refused_before_it_is_read(hall: Hall) -> None:
    limit = XmlLimits().size_bytes_max
    error = await hall.refused(b"", declared_main=limit + 1)
    assert error.code == "too-large"


@pytest.mark.parametrize(
    "roles", [(PartRole.ANNEX,), (PartRole.MAIN, PartRole.MAIN), (PartRole.ANNEX, PartRole.MAIN)]
)
async def test_the_first_part_and_only_the_first_is_the_message(
    hall: Hall, roles: tuple[PartRole, ...]
) -> None:
    assert (await hall.refused(document(), annex(), roles=roles)).code == "bad-request"


async def test_no_part_at_all_is_refused(hall: Hall) -> None:
    with pytest.raises(InvalidMessageError) as caught:
        await hall.submit(Submission(parts=(), source=MemorySource(b"", short=SHORT)))
    assert caught.value.code == "bad-request"
    assert hall.home.contents() == {}


@pytest.mark.parametrize(
    ("main", "code"),
    [
        (b"", "malformed-xml"),
        (b"<MLARequest>", "malformed-xml"),
        (b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>", "malformed-xml"),
        (document().replace(b"<MessageType>", b"<Wrong>").replace(b"</MessageType>", b"</Wrong>"), ""),
        (document()[:-200], "malformed-xml"),
    ],
)
async def test_a_document_that_is_not_valid_is_refused(hall: Hall, main: bytes, code: str) -> None:
    error = await hall.refused(main, annex())
    assert error.code == code or (not code and error.code in ("invalid-message", "malformed-xml"))


async def test_below_the_disk_floor_nothing_is_begun(tmp_path: Path) -> None:
    async with opened(tmp_path, AT, DE, floor_bytes=2**60) as home:
        clerk = InlineClerk(schemas())
        hall = Hall(
            home,
            Submit(home.gateway, clerk, XmlLimits(), lambda leg: None, Dockets(home.gateway, News())),
            clerk,
        )
        assert (await hall.refused(document(), annex())).code == "disk-full"


async def test_a_priority_asked_for_is_kept_and_else_taken_from_the_message(hall: Hall) -> None:
    urgent = await hall(document(number=1), annex(), priority=Priority.URGENT)
    normal = await hall(document(number=2), annex(), priority=Priority.NORMAL)
    lanes = [hall.home.store.read.leg_of(LegKind.PACKAGE, each.pid) for each in (urgent, normal)]
    assert [leg.urgent for leg in lanes if leg] == [True, False]


# --- the clerk ---


@pytest.mark.parametrize("template", [SMALL, LARGE], ids=["row", "file"])
async def test_a_message_for_another_authority_than_declared_is_refused_and_sealed_to_nobody(
    hall: Hall, template: Template
) -> None:
    hall.recipient = "fr.moj"
    error = await hall.refused(document(template), annex(template))
    assert error.code == "invalid-message"
    assert {finding.rule for finding in error.findings} == {"BR-002"}


@pytest.mark.parametrize("template", [SMALL, LARGE], ids=["row", "file"])
async def test_a_message_the_clerk_dies_on_is_refused_and_the_next_is_taken(
    hall: Hall, template: Template
) -> None:
    hall.clerk.deaths_to_come = 1
    error = await hall.refused(document(template), annex(template))
    assert error.code == "check-failed"
    assert not (await hall(document(template), annex(template))).repeated


async def test_a_declared_recipient_spares_a_small_message_the_second_way_to_the_clerk(hall: Hall) -> None:
    await hall(document(), annex())
    assert hall.clerk.calls == (2 if hall.recipient is None else 1)


async def test_a_repeat_is_known_although_its_attachments_are_not_those_of_the_message(hall: Hall) -> None:
    first = await hall(document(), annex())
    again = await hall(document(), (ATTACHMENT_NAME, SMALL.attachment[:-1] + b"!"))
    assert (again.pid, again.repeated) == (first.pid, True)
