"""drafts: a message that was handed in -> approved by another person and sent, or returned, withdrawn or lapsed.

Order of writes (docs/explanation/order-of-writes.md): P5 parts too large for a row are a durable file; P6 one batch holds the
draft with its parts and the event, unless its case was erased since it began to come; P7 one batch is O2 of the message with the
draft's end and the event that says who approved it; P8 one batch ends or returns a draft otherwise; P9 a file that no row points
to any more is removed.

Rules of this file:
- What is approved is exactly what was handed in: nobody can change a draft, and whoever decides names the hash of what he saw.
- It is sent by the same journey as any message, and judged again by its case as it then stands.
- Content is here while somebody may still need it: until it is sent, withdrawn, or its time is over.
"""

import asyncio
import hashlib
import logging
from collections.abc import Callable
from dataclasses import replace

from emla.flow.drafts.parts import DraftBytes, damaged, keep_bytes
from emla.flow.events import DRAFT_HANDED_IN, DRAFT_LAPSED, DRAFT_RETURNED, DRAFT_WITHDRAWN, event
from emla.flow.gateway import Gateway
from emla.flow.line.submission import Approval, Submission, Submitted
from emla.flow.line.submit import Submit
from emla.flow.stored import remove_file
from emla.formats.at_rest import NONCE_BYTES
from emla.formats.draft_at_rest import ID_BYTES, draft_hash, open_draft, seal_draft
from emla.model.draft import KEPT, DraftContent, DraftState
from emla.model.errors import ConfigurationError, EmlaError, InvalidMessageError, StoreError
from emla.model.package import DeclaredPart
from emla.model.person import Caller, PersonRole, PersonState
from emla.ports.drafts import DraftRow
from emla.ports.store import DuplicateError, Transaction

logger = logging.getLogger("emla.draft")

_DAY_SECONDS = 86400
_ROUND_SECONDS = 600.0
_STEP = 100
_WRITERS = frozenset({PersonRole.PROSECUTOR, PersonRole.CENTRAL_OFFICER, PersonRole.POC_247})


class Drafts:
    """The journeys of drafts."""

    def __init__(self, gateway: Gateway, submit: Submit) -> None:
        self._gateway = gateway
        self._submit = submit

    # --- handing in ---

    async def hand_in(self, submission: Submission) -> tuple[DraftRow, bool] | Submitted:
        """Check a message as if it were sent, and keep it for another person to approve.

        Returns:
            The draft, and whether it was there already; or the package, where the message was sent before.

        Raises:
            InvalidMessageError: what the officer must mend; nothing was kept. ``message-id-reused`` also where another draft
                of this message waits; ``case-changed`` also where its case was erased while it came.
            ConfigurationError: ``not-allowed``: nobody is on record.
        """
        if submission.drafter.alone:
            raise ConfigurationError("not-allowed", "Nobody is on record who could approve it: send it.")
        orders = self._gateway.store.read.newest_erasure()
        found = await self._submit.rehearse(submission)
        if isinstance(found, Submitted):
            return found
        message, submission = found.checked.message, found.submission
        if known := self._known(message.message_id, submission, found.digest):
            return known, True
        key = self._gateway.entropy(32)
        kept = await keep_bytes(self._gateway, submission, found.main, message, key)
        content = DraftContent(
            salt=self._gateway.entropy(32),
            cek=key,
            parts=kept.parts,
            recipient=message.recipient,
            message_type=message.message_type,
            officer=message.signing_officer,
            urgency=message.urgency,
            priority=submission.priority,
            expires_in_days=submission.expires_in_days,
            overrides=submission.overrides,
            seen=submission.seen,
            findings=found.checked.findings,
        )
        draft, at = self._gateway.entropy(ID_BYTES), self._gateway.now()
        row = DraftRow(
            id=draft,
            drafter=submission.drafter.id,
            case_id=message.case_id,
            message_id=message.message_id,
            state=DraftState.WAITING,
            at=at,
            expires=at + self._gateway.settings.message.draft_days * _DAY_SECONDS,
            payload_sha256=kept.sha256,
            sealed=self._sealed(draft, content),
        )
        try:
            await self._keep(row, kept.size, kept.body, orders)
        except InvalidMessageError:
            await self._remove(row)
            raise
        except DuplicateError:
            # Handed in twice at the same moment: the first one waits, and the second is told so.
            await self._remove(row)
            if known := self._known(message.message_id, submission, found.digest):
                return known, True
            raise
        logger.info("draft waits", extra={"peer": message.recipient})
        return row, False

    async def _keep(self, row: DraftRow, size: int, body: bytes | None, orders: int) -> None:
        """Keep a draft that began to come when so many orders to erase had been given."""
        facts = {"draft": row.id.hex(), "by": row.drafter, "message": row.message_id.hex()}
        told = event(self._gateway, DRAFT_HANDED_IN, facts)
        before = self._gateway.store.read.draft_of_message(row.message_id)
        replaced = before if before and before.drafter == row.drafter else None

        def operation(transaction: Transaction) -> None:
            # Its attachments may have come for hours. What belongs to a case that was erased meanwhile would outlive it.
            if transaction.is_erased_since(row.case_id, orders):
                raise InvalidMessageError("case-changed", "Its case was erased while it was handed in.")
            if replaced is not None:
                # What was returned has been mended: the new one takes its place.
                withdrawn, of = DraftState.WITHDRAWN, (DraftState.RETURNED,)
                transaction.end_draft(replaced.id, withdrawn, row.drafter, row.at, of=of)
            transaction.insert_draft(row, size=size, body=body)
            told(transaction)

        # P6: before this commit nothing was handed in; after it the draft waits, whatever happens to us.
        await self._gateway.store.write(operation)
        if replaced is not None:
            await self._remove(replaced)

    def _known(self, message_id: bytes, submission: Submission, digest: bytes) -> DraftRow | None:
        """The same message, handed in before and waiting.

        Raises:
            InvalidMessageError: ``message-id-reused``: it is not the same.
        """
        row = self._gateway.store.read.draft_of_message(message_id)
        if row is None or row.state is not DraftState.WAITING:
            return None
        content = self.content(row)
        is_same = (
            row.drafter == submission.drafter.id
            and content.parts[0].sha256 == digest
            and (content.priority, content.expires_in_days, content.overrides, content.seen)
            == (submission.priority, submission.expires_in_days, submission.overrides, submission.seen)
        )
        if not is_same:
            raise InvalidMessageError(
                "message-id-reused",
                "A draft of this message waits and is another one: withdraw it, or give this one a new MessageId.",
            )
        return row

    # --- deciding ---

    async def approve(self, by: Caller, row: DraftRow, wanted: bytes) -> DraftRow:
        """Send a draft, as the second person.

        Args:
            by: an approver, and not the drafter.
            row: the draft.
            wanted: the hash of what the approver looked at.

        Returns:
            The draft as it stands then; one that was sent already, as it is.

        Raises:
            InvalidMessageError: ``own-draft``; ``draft-decided``; ``draft-changed``; ``not-allowed``: its drafter may not send it
                any more; whatever is said of a message that is sent (``case-changed``, ``invalid-message``): then it waits on.
            StoreError: ``payload-damaged``.
        """
        if row.state is DraftState.SENT:
            return row
        content = self._waiting(by, row, wanted)
        drafter = self._drafter(row)
        try:
            assert row.payload_sha256 is not None
            submitted = await self._submit(
                Submission(
                    parts=tuple(
                        DeclaredPart(name=each.name, media=each.media, role=each.role, size=each.size)
                        for each in content.parts
                    ),
                    source=DraftBytes(self._gateway, row.payload_sha256, content.cek),
                    recipient=content.recipient,
                    priority=content.priority,
                    expires_in_days=content.expires_in_days,
                    overrides=content.overrides,
                    drafter=drafter,
                    seen=content.seen,
                    approval=Approval(draft=row.id, approver=by, hash=wanted),
                )
            )
        except StoreError as error:
            if error.code == "payload-damaged" and self._again(row).state is not DraftState.WAITING:
                raise InvalidMessageError("draft-decided") from error  # its bytes went while they were read
            raise
        if submitted.repeated:
            await self._end(row, DraftState.SENT, None, None)  # the message had gone another way
        else:
            await self._remove(row)
        return self._again(row)

    async def give_back(self, by: Caller, row: DraftRow, wanted: bytes, reason: str) -> DraftRow:
        """Return a draft to its drafter, with the reason.

        Raises:
            InvalidMessageError: ``own-draft``; ``draft-decided``; ``draft-changed``.
        """
        content = replace(self._waiting(by, row, wanted), returned_because=reason)
        sealed, at = self._sealed(row.id, content), self._gateway.now()
        facts = {"draft": row.id.hex(), "by": by.id, "drafter": row.drafter}
        told = event(self._gateway, DRAFT_RETURNED, facts)

        def operation(transaction: Transaction) -> None:
            if not transaction.return_draft(row.id, by.id, at, sealed):
                raise InvalidMessageError("draft-decided")
            told(transaction)

        await self._gateway.store.write(operation)  # P8
        return self._again(row)

    async def withdraw(self, by: Caller, row: DraftRow) -> DraftRow:
        """Take a draft of one's own back; its content goes.

        Raises:
            InvalidMessageError: ``draft-decided``; ``not-allowed``: it is another one's.
        """
        if row.drafter != by.id:
            raise InvalidMessageError(
                "not-allowed", "A draft is withdrawn by its drafter; an approver returns it."
            )
        told = event(self._gateway, DRAFT_WITHDRAWN, {"draft": row.id.hex(), "by": by.id})
        if not await self._end(row, DraftState.WITHDRAWN, by.id, told):
            raise InvalidMessageError("draft-decided")
        return self._again(row)

    def _waiting(self, by: Caller, row: DraftRow, wanted: bytes) -> DraftContent:
        """The content of a draft that somebody may decide about."""
        if row.drafter == by.id:
            raise InvalidMessageError("own-draft")
        if row.state is not DraftState.WAITING or self._gateway.now() >= row.expires:
            raise InvalidMessageError("draft-decided")
        content = self.content(row)
        if self.hash_of(row, content) != wanted:
            raise InvalidMessageError("draft-changed")
        return content

    def _drafter(self, row: DraftRow) -> Caller:
        """Who drafted it, as he or she stands today: who may not send any more does not send by another's hand."""
        person = self._gateway.store.read.person(row.drafter)
        if person is None or person.state is not PersonState.ACTIVE or not person.roles & _WRITERS:
            raise InvalidMessageError("not-allowed", "Its drafter may not send any more: return it.")
        return Caller(id=person.id, roles=person.roles, name=person.name)

    # --- what is there ---

    def content(self, row: DraftRow) -> DraftContent:
        """What a draft says.

        Raises:
            InvalidMessageError: ``draft-decided``: its content is gone.
            StoreError: ``payload-damaged``.
        """
        if row.sealed is None:
            raise InvalidMessageError("draft-decided")
        content = open_draft(row.sealed, content_key=self._gateway.identity.content_key, draft=row.id)
        if content is None:
            raise damaged("it does not open with the content key")
        return content

    @staticmethod
    def hash_of(row: DraftRow, content: DraftContent) -> bytes:
        """By which people speak of exactly this draft."""
        return draft_hash(content, draft=row.id, drafter=row.drafter)

    async def part(self, row: DraftRow, content: DraftContent, number: int) -> DraftBytes:
        """The bytes of a draft, once the part that is wanted has been found whole.

        Raises:
            StoreError: ``payload-damaged``.
        """
        assert row.payload_sha256 is not None
        stream = DraftBytes(self._gateway, row.payload_sha256, content.cek)
        start, digest = sum(each.size for each in content.parts[:number]), hashlib.sha256()
        async for piece in stream.pieces(start, start + content.parts[number].size):
            digest.update(piece)
        if digest.digest() != content.parts[number].sha256:
            raise damaged()
        return stream

    def _again(self, row: DraftRow) -> DraftRow:
        return self._gateway.store.read.draft(row.id) or row

    def _sealed(self, draft: bytes, content: DraftContent) -> bytes:
        return seal_draft(
            content,
            content_key=self._gateway.identity.content_key,
            nonce=self._gateway.entropy(NONCE_BYTES),
            draft=draft,
        )

    # --- the end of drafts ---

    async def run(self) -> None:
        """End what is over, until cancelled."""
        while True:
            try:
                await self.round()
            except EmlaError as error:
                logger.error("drafts not ended", extra={"code": error.code})
            await asyncio.sleep(_ROUND_SECONDS)

    async def round(self) -> None:
        """End drafts whose time is over, and those whose message went another way.

        A clock that is set forward while the server runs ends none before its time: what they say would be gone.
        """
        read, now = self._gateway.store.read, int(self._gateway.surely_now())
        while over := read.drafts_over(now, _STEP):
            for row in over:
                if read.sent_by_message(row.message_id) is not None:
                    await self._end(row, DraftState.SENT, None, None)
                else:
                    facts = {"draft": row.id.hex(), "drafter": row.drafter}
                    told = event(self._gateway, DRAFT_LAPSED, facts)
                    await self._end(row, DraftState.LAPSED, None, told)
                    logger.warning("draft lapsed", extra={"state": row.state.value})

    async def _end(
        self,
        row: DraftRow,
        state: DraftState,
        by: str | None,
        told: Callable[[Transaction], None] | None,
    ) -> bool:
        at = self._gateway.now()

        def operation(transaction: Transaction) -> bool:
            if not transaction.end_draft(row.id, state, by, at, of=tuple(KEPT)):
                return False
            if told is not None:
                told(transaction)
            return True

        # P8: before this commit the draft is as it was; after it only ids, persons and instants are left of it.
        done = await self._gateway.store.write(operation)
        await self._remove(row)
        return done

    async def _remove(self, row: DraftRow) -> None:
        """P9: remove the file of a draft whose row does not point to it any more. A crash before leaves it to the sweep."""
        read, sha256 = self._gateway.store.read, row.payload_sha256
        if sha256 is None or read.knows_payload(sha256):
            return
        await remove_file(self._gateway, sha256)
