"""The clerk is a real process here: it checks and seals, says what is wrong, and may die without taking others with it."""

import asyncio
import hashlib
import os
import signal
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from emla.formats import h1
from emla.formats import header as header_form
from emla.keyring.files import FileUse, StoredKey, make_key, public_of
from emla.model.documents import CardKey, KeyUse
from emla.model.errors import ConfigurationError, InvalidMessageError, StoreError
from emla.model.package import CardReference, DeclaredPart, PartRole, Priority, SealedPayload
from emla.model.settings import OpenerSettings
from emla.ports.sandbox import Drafted, SandboxDiedError
from emla.sandbox import worker
from emla.sandbox.clerk import ClerkProcess
from emla.sandbox.opener import OpenerProcess
from emla.steps.seal import Envelope
from tests.support import lying_clerk
from tests.support.opener_packages import (
    NOW,
    RECIPIENT,
    SCHEMAS,
    SENDER,
    PartBytes,
    address_sealed,
    sample_parts,
    write_opener_keys,
)
from tests.unit.sandbox.test_opener import hostile_document

SMALL = os.urandom(24 * 1024)
KEY: StoredKey = make_key(FileUse.SEAL, seed=os.urandom(32), created=0)


def envelope(recipient: str = RECIPIENT) -> Envelope:
    card = CardReference(version=1, sha256=bytes(32))
    return Envelope(
        sender=SENDER,
        recipient=recipient,
        recipient_key=CardKey(
            kid=KEY.kid, use=KeyUse.SEAL, alg=h1.NAME, public=public_of(KEY), not_before=0, not_after=2**40
        ),
        sender_card=card,
        recipient_card=card,
        epoch=1,
        msg=os.urandom(16),
        payload_id=os.urandom(16),
        cek=os.urandom(32),
        salt=os.urandom(32),
        created=NOW,
        expires=NOW + 86400,
        prio=Priority.NORMAL,
    )


def declared(parts: list[PartBytes]) -> tuple[DeclaredPart, ...]:
    return tuple(
        DeclaredPart(name=name, media=media, role=role, size=len(data)) for role, media, name, data in parts
    )


async def draft(clerk: ClerkProcess, parts: list[PartBytes]) -> Drafted:
    return await clerk.draft(b"".join(part[3] for part in parts), declared(parts), envelope())


async def until(happened: Callable[[], bool]) -> None:
    """Wait for what another process does and nobody announces."""
    while not happened():
        await asyncio.sleep(0.01)


@pytest.fixture
async def clerk() -> AsyncIterator[ClerkProcess]:
    clerk = ClerkProcess(schemas=SCHEMAS, settings=OpenerSettings())
    await clerk.start()
    try:
        yield clerk
    finally:
        await clerk.close()


def main_part(parts: list[PartBytes]) -> bytes:
    return parts[0][3]


# --- what is good ---


async def test_a_small_message_comes_back_sealed_and_an_opener_opens_it(
    clerk: ClerkProcess, tmp_path: Path
) -> None:
    sealing, _ = write_opener_keys(tmp_path / "keys")
    parts = sample_parts(SMALL)
    ours = replace(
        envelope(),
        recipient_key=replace(envelope().recipient_key, kid=sealing.kid, public=public_of(sealing)),
    )
    drafted = await clerk.draft(b"".join(part[3] for part in parts), declared(parts), ours)
    sealed = drafted.sealed
    assert isinstance(sealed, SealedPayload)
    assert drafted.checked.message.recipient == RECIPIENT
    package = address_sealed(sealed)
    opener = OpenerProcess(keys=tmp_path / "keys", schemas=SCHEMAS, settings=OpenerSettings())
    await opener.start()
    try:
        assert (await opener.open(package.signed, package.pid, package.payload)).code is None
    finally:
        await opener.close()


async def test_a_document_is_checked_inline_and_as_a_file_alike(clerk: ClerkProcess) -> None:
    small = main_part(sample_parts(SMALL))
    large = small + b"\n" * (300 * 1024)
    facts = [await clerk.check(each, sender=SENDER, recipient=None) for each in (small, large)]
    assert facts[0] == replace(facts[1], act=replace(facts[1].act, digest=hashlib.sha256(small).digest()))
    assert facts[0].message.recipient == RECIPIENT


async def test_what_was_checked_is_sealed_without_being_read_again(clerk: ClerkProcess) -> None:
    parts = sample_parts(SMALL)
    checked = await clerk.check(main_part(parts), sender=SENDER, recipient=None)
    other = [(*parts[0][:3], b"no XML at all"), *parts[1:]]
    body = b"".join(part[3] for part in other)
    drafted = await clerk.draft(body, declared(other), envelope(), checked=checked)
    assert isinstance(drafted.sealed, SealedPayload)
    assert drafted.checked == checked


async def test_each_of_many_waiting_callers_gets_its_own_answer(clerk: ClerkProcess) -> None:
    many = [sample_parts(os.urandom(100 + number)) for number in range(60)]
    documents = [
        main_part(parts) + b"\n" * (300 * 1024 if number % 7 == 0 else 0) for number, parts in enumerate(many)
    ]
    drafts = [asyncio.ensure_future(draft(clerk, parts)) for parts in many]
    checks, refused = [], []
    for number, document in enumerate(documents):  # between good ones stands one that is not well-formed
        checks.append(asyncio.ensure_future(clerk.check(document, sender=SENDER, recipient=None)))
        if number % 3 == 0:
            cut = document[: document.rindex(b"<")]
            refused.append(asyncio.ensure_future(clerk.check(cut, sender=SENDER, recipient=None)))
    for parts, drafted, checked in zip(many, drafts, checks, strict=True):
        wanted = hashlib.sha256(parts[3][3]).digest()
        assert wanted in [each.sha256 for each in (await drafted).checked.message.attachments]
        assert wanted in [each.sha256 for each in (await checked).message.attachments]
    for each in refused:
        with pytest.raises(InvalidMessageError):
            await each


# --- what is wrong with the message ---


async def test_all_findings_come_back_and_nothing_is_sealed(clerk: ClerkProcess) -> None:
    with pytest.raises(InvalidMessageError) as caught:
        await clerk.check(b"<unclosed>", sender=SENDER, recipient=None)
    assert caught.value.code == "malformed-xml"
    parts = sample_parts(SMALL)
    parts[0] = (*parts[0][:3], b'<r:MLARequest xmlns:r="urn:emla:request:1"><x/></r:MLARequest>')
    with pytest.raises(InvalidMessageError) as caught:
        await draft(clerk, parts)
    assert caught.value.findings[0].rule.startswith("XSD-")


async def test_a_message_for_another_recipient_than_the_envelopes_is_refused(clerk: ClerkProcess) -> None:
    parts = sample_parts(SMALL)
    with pytest.raises(InvalidMessageError) as caught:
        await clerk.draft(b"".join(part[3] for part in parts), declared(parts), envelope("fr.moj"))
    assert {finding.rule for finding in caught.value.findings} == {"BR-002"}


async def test_parts_that_are_not_the_messages_are_refused_with_its_facts(clerk: ClerkProcess) -> None:
    parts = sample_parts(SMALL)
    parts[3] = (*parts[3][:3], bytes([SMALL[0] ^ 1]) + SMALL[1:])
    drafted = await draft(clerk, parts)
    assert isinstance(drafted.sealed, InvalidMessageError)
    assert drafted.sealed.code == "attachment-changed"
    assert drafted.sealed.findings
    assert drafted.checked.message.recipient == RECIPIENT


# --- what goes wrong here ---


async def test_a_document_that_ends_the_clerk_costs_nobody_else_their_message() -> None:
    """Several are taken at once: it is found out which it was, and the others never notice."""
    clerk = ClerkProcess(schemas=SCHEMAS, settings=OpenerSettings(memory_bytes=64 * 1024**2))
    await clerk.start()
    try:
        child = clerk.process_id
        assert child is not None
        os.kill(child, signal.SIGSTOP)
        good = [asyncio.ensure_future(draft(clerk, sample_parts(os.urandom(n)))) for n in range(3)]
        hostile = asyncio.ensure_future(clerk.check(hostile_document(199_000), sender=SENDER, recipient=None))
        more = [asyncio.ensure_future(draft(clerk, sample_parts(os.urandom(n)))) for n in range(9)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        os.kill(child, signal.SIGCONT)
        with pytest.raises(SandboxDiedError, match="MemoryError"):
            await hostile
        for each in (*good, *more):
            assert isinstance((await each).sealed, SealedPayload)
        assert clerk.process_id != child
    finally:
        await clerk.close()


async def test_a_clerk_killed_while_nothing_waits_is_replaced(clerk: ClerkProcess) -> None:
    child = clerk.process_id
    assert child is not None
    os.kill(child, signal.SIGKILL)
    await until(lambda: clerk.process_id != child)
    assert isinstance((await draft(clerk, sample_parts(SMALL))).sealed, SealedPayload)


async def test_a_clerk_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "WALL_FACTOR", 0.01)
    clerk = ClerkProcess(schemas=SCHEMAS, settings=OpenerSettings())
    await clerk.start()
    try:
        assert clerk.process_id is not None
        os.kill(clerk.process_id, signal.SIGSTOP)
        with pytest.raises(SandboxDiedError, match="too long"):
            await draft(clerk, sample_parts(SMALL))
        assert isinstance((await draft(clerk, sample_parts(SMALL))).sealed, SealedPayload)
    finally:
        await clerk.close()


async def test_closing_leaves_nobody_waiting_and_takes_nothing_new(clerk: ClerkProcess) -> None:
    assert clerk.process_id is not None
    os.kill(clerk.process_id, signal.SIGSTOP)
    waiting = [asyncio.ensure_future(draft(clerk, sample_parts(SMALL))) for _ in range(40)]
    await asyncio.sleep(0)
    await clerk.close()
    for result in await asyncio.gather(*waiting, return_exceptions=True):
        assert isinstance(result, StoreError)
    with pytest.raises(StoreError):
        await draft(clerk, sample_parts(SMALL))


async def test_without_schemas_it_does_not_start(tmp_path: Path) -> None:
    clerk = ClerkProcess(schemas=tmp_path / "none", settings=OpenerSettings())
    with pytest.raises(ConfigurationError) as caught:
        await clerk.start()
    await clerk.close()
    assert caught.value.code == "unreadable-file"


async def test_it_is_confined_as_the_opener_is_and_holds_no_key(clerk: ClerkProcess, tmp_path: Path) -> None:
    write_opener_keys(tmp_path / "keys")
    opener = OpenerProcess(keys=tmp_path / "keys", schemas=SCHEMAS, settings=OpenerSettings())
    await opener.start()
    await opener.close()
    assert clerk.measures == opener.measures
    assert clerk._start.keys is None
    assert clerk._start.wrapping is None


# --- a clerk that was taken over ---


@pytest.fixture
async def liar() -> AsyncIterator[ClerkProcess]:
    clerk = ClerkProcess(schemas=SCHEMAS, settings=OpenerSettings())
    clerk._program = lying_clerk.__name__
    await clerk.start()
    try:
        yield clerk
    finally:
        await clerk.close()


PART = (DeclaredPart(name="a.xml", media="application/xml", role=PartRole.MAIN, size=4),)


async def test_whatever_it_says_the_header_is_of_the_envelope_and_of_the_bytes(liar: ClerkProcess) -> None:
    wanted = envelope()
    drafted = await liar.draft(b"Seal", PART, wanted)
    sealed = drafted.sealed
    assert isinstance(sealed, SealedPayload)
    assert sealed.payload == lying_clerk.PAYLOAD
    draft = sealed.draft
    for name in (
        "msg",
        "sender",
        "recipient",
        "epoch",
        "created",
        "expires",
        "sender_card",
        "recipient_card",
        "prio",
    ):
        assert getattr(draft, name) == getattr(wanted, name)
    assert (draft.kid, draft.payload.id, sealed.cek) == (KEY.kid, wanted.payload_id, wanted.cek)
    assert draft.payload.sha256 == hashlib.sha256(lying_clerk.PAYLOAD).digest()
    assert draft.payload.size == len(lying_clerk.PAYLOAD)
    assert draft.content == header_form.content_commitment(sealed.manifest)


@pytest.mark.parametrize("body", [b"None", b"Else"])
async def test_nonsense_and_a_seal_that_is_none_are_told_as_a_death(liar: ClerkProcess, body: bytes) -> None:
    with pytest.raises(SandboxDiedError):
        await liar.draft(body, PART, envelope())
    assert isinstance((await liar.draft(b"Seal", PART, envelope())).sealed, SealedPayload)


async def test_an_answer_nobody_asked_for_ends_it(liar: ClerkProcess) -> None:
    child = liar.process_id
    await liar.draft(b"Two!", PART, envelope())
    await until(lambda: liar.process_id != child)
    assert isinstance((await liar.draft(b"Seal", PART, envelope())).sealed, SealedPayload)
