"""submit: an officer's message and its attachments -> a package that will be tried until it expires.

Order of writes (docs/explanation/order-of-writes.md): O1 a large payload is a durable file, a small one nothing yet; O2 one
batch holds sequence number, signed header, leg, small payload, record, legal act, overrides, SubmissionAcceptance and
leaves; O3 the answer. A crash before O2 leaves at most an orphan file; after it, the same message handed in again gets the
same answer.
"""

import hashlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar

from emla.flow.dockets import Dockets
from emla.flow.gateway import Gateway
from emla.flow.line.ahead import CaseMovedError, Look, look
from emla.flow.line.besides import besides
from emla.flow.line.feed import seal_file
from emla.flow.line.four_eyes import require_second
from emla.flow.line.submission import Rehearsed, Submission, Submitted
from emla.flow.people.drafting import require_own_case
from emla.formats import cc1
from emla.formats.act_at_rest import seal_act
from emla.formats.at_rest import NONCE_BYTES, seal_record
from emla.model.acknowledgement import Event
from emla.model.documents import Authority, CardKey, KeyUse
from emla.model.errors import EmlaError, InvalidMessageError
from emla.model.ids import UUID_BYTES, uuid7
from emla.model.leg import Leg, LegKind, LegState
from emla.model.legal_act import LegalAct
from emla.model.limits import WIRE, XmlLimits
from emla.model.message import Message
from emla.model.package import CardReference, PartRole, Priority, SealedPayload
from emla.model.record import Record
from emla.model.terms import CaseFacts, Terms
from emla.ports.sandbox import Checked, Clerk, SandboxDiedError
from emla.ports.store import DuplicateError, Issued, SentRow, Transaction
from emla.rules.profile import wishes_of
from emla.steps.acknowledge import Subject
from emla.steps.address import address
from emla.steps.seal import Envelope
from emla.steps.trust import check_current
from emla.steps.validate import require_parts

logger = logging.getLogger("emla.submit")

_LOOKS_MAX = 4
_MANIFEST_ALLOWANCE = 64 * 1024
SubmittedLeg = Callable[[Leg], None]
Result = TypeVar("Result")


class Submit:
    """The journey of submission."""

    def __init__(
        self,
        gateway: Gateway,
        clerk: Clerk,
        xml_limits: XmlLimits,
        on_leg: SubmittedLeg,
        dockets: Dockets,
    ) -> None:
        """Args: the gateway, who checks messages, how large they may be, whom to tell about a new leg, the cases."""
        self._gateway = gateway
        self._dockets = dockets
        self._clerk = clerk
        self._limits = xml_limits
        self._on_leg = on_leg

    async def __call__(self, submission: Submission) -> Submitted:
        """Check, seal and commit a message; return when it is durable.

        Raises:
            InvalidMessageError: what the officer must mend; nothing was kept.
            InvalidDocumentError: the recipient's documents have expired.
            ConfigurationError: the ledger is closed.
            StoreError: the storage is full or failed.
        """
        self._gateway.require_ledger()
        total = self._check_declared(submission)
        small = cc1.sealed_size(total + total // 8) <= WIRE.inline_payload_bytes
        return await (self._small(submission, total) if small else self._large(submission))

    async def _small(self, submission: Submission, size_bytes: int) -> Submitted:
        """Everything in memory: the clerk checks and, where the recipient was declared, seals in one go."""
        body = await submission.source.read_exactly(size_bytes)
        main_bytes = submission.parts[0].size
        digest = hashlib.sha256(memoryview(body)[:main_bytes]).digest()
        envelope = self._declared_envelope(submission)
        if envelope is not None:
            terms = self._terms(submission)
            drafted = await _alive(self._clerk.draft(body, submission.parts, envelope, terms=terms))
            if repeated := self._repeated(drafted.checked.message, digest):
                return repeated
        else:
            checked = await self._check(body[:main_bytes], submission)
            if repeated := self._repeated(checked.message, digest):
                return repeated
            envelope = self._envelope(checked.message.recipient, submission)
            submission = replace(submission, recipient=checked.message.recipient)
            # Checked once more while it is sealed, now that it is known whose profile it must suit.
            terms = self._terms(submission)
            drafted = await _alive(self._clerk.draft(body, submission.parts, envelope, terms=terms))

        async def draft(look: Look) -> tuple[Checked, SealedPayload]:
            again = drafted
            if look.facts is not None or look.answers is not None:
                # Most messages begin something; one that answers is sealed a second time, with what it answers.
                sealed_to = replace(self._envelope(look.act.recipient, submission), in_reply_to=look.answers)
                terms = self._terms(submission, look.facts)
                again = await _alive(self._clerk.draft(body, submission.parts, sealed_to, terms=terms))
            if isinstance(again.sealed, InvalidMessageError):
                raise again.sealed
            return again.checked, again.sealed

        return await self._by_its_case(drafted.checked, digest, submission, draft)

    async def rehearse(self, submission: Submission) -> Rehearsed | Submitted:
        """Check a message and its case as if it were sent now; seal and keep nothing, and read no attachment.

        Raises:
            EmlaError: as when it is sent.
        """
        self._gateway.require_ledger()
        self._check_declared(submission)
        found = await self._looked_at(submission)
        if isinstance(found, Submitted):
            return found
        require_own_case(self._gateway, submission.drafter, found.checked.message.case_id)
        seen = await look(
            self._gateway, self._dockets, self._act(found.checked, found.digest), submission.seen
        )
        checked = found.checked
        if seen.facts is not None:
            checked = await self._check(found.main, found.submission, seen.facts)
        return replace(found, checked=seen.judged(checked, self._terms(found.submission, seen.facts)))

    async def _looked_at(self, submission: Submission) -> Rehearsed | Submitted:
        """Everything that the main document alone tells."""
        main = await submission.source.read_exactly(submission.parts[0].size)
        checked = await self._check(main, submission)
        digest = hashlib.sha256(main).digest()
        if repeated := self._repeated(checked.message, digest):
            return repeated
        self._recipient(checked.message.recipient, self._gateway.now())
        if submission.recipient is None:
            submission = replace(submission, recipient=checked.message.recipient)
            checked = await self._check(main, submission)
        self._check_names(checked.message, submission)
        return Rehearsed(main=main, digest=digest, checked=checked, submission=submission)

    async def _large(self, submission: Submission) -> Submitted:
        """The clerk checks the message; its parts are sealed as they come, on a thread."""
        found = await self._looked_at(submission)
        if isinstance(found, Submitted):
            return found
        main, checked, submission = found.main, found.checked, found.submission
        envelope = self._envelope(checked.message.recipient, submission)
        sealed: list[SealedPayload] = []

        async def draft(look: Look) -> tuple[Checked, SealedPayload]:
            again = checked if look.facts is None else await self._check(main, submission, look.facts)
            # What stands against it is said before megabytes are read.
            again = look.judged(again, self._terms(submission, look.facts))
            if not sealed:
                whole = replace(envelope, in_reply_to=look.answers)
                sealed.append(await seal_file(self._gateway, whole, submission, main, again.message))
            return again, sealed[0]

        return await self._by_its_case(checked, found.digest, submission, draft)

    async def _by_its_case(
        self,
        checked: Checked,
        digest: bytes,
        submission: Submission,
        draft: Callable[[Look], Awaitable[tuple[Checked, SealedPayload]]],
    ) -> Submitted:
        """Judge a message by its case, seal it and commit it; once more when another act of the case came between."""
        require_own_case(self._gateway, submission.drafter, checked.message.case_id)
        act = self._act(checked, digest)
        for _ in range(_LOOKS_MAX):
            seen = await look(self._gateway, self._dockets, act, submission.seen)
            terms = self._terms(submission, seen.facts)
            require_second(self._gateway, submission, checked.message, seen)
            try:
                again, sealed = await draft(seen)
            except InvalidMessageError as error:
                raise seen.joined(error, terms) from error
            try:
                return await self._commit(seen.judged(again, terms), seen, sealed, submission)
            except CaseMovedError:
                logger.info("case moved", extra={"peer": act.recipient})
        raise InvalidMessageError("case-changed", "Other acts of its case keep coming.")

    def _act(self, checked: Checked, digest: bytes) -> LegalAct:
        own, recipient = self._gateway.identity.id, checked.message.recipient
        return replace(checked.act, digest=digest, sender=own, recipient=recipient)

    # --- before anything is sealed ---

    def _check_declared(self, submission: Submission) -> int:
        """Refuse what is wrong before a byte is read; return how many bytes there are to come."""
        parts = submission.parts
        mains = [number for number, part in enumerate(parts) if part.role is PartRole.MAIN]
        if mains != [0] or len(parts) > WIRE.parts:
            raise InvalidMessageError("bad-request", "The first part, and only the first, is the message.")
        if parts[0].size > self._limits.size_bytes_max:
            raise InvalidMessageError("too-large", "The message itself is too large.")
        total = sum(part.size for part in parts)
        self._gateway.require_space(total)
        return total

    async def _check(self, main: bytes, submission: Submission, case: CaseFacts | None = None) -> Checked:
        own = self._gateway.identity.id
        terms = self._terms(submission, case)
        return await _alive(self._clerk.check(main, sender=own, recipient=submission.recipient, terms=terms))

    def _terms(self, submission: Submission, case: CaseFacts | None = None) -> Terms:
        """What the rules may know beside the message."""
        recipient = self._gateway.directory.find(submission.recipient) if submission.recipient else None
        return Terms(
            sending=True,
            overrides=submission.overrides,
            today=datetime.fromtimestamp(self._gateway.now(), UTC).date(),
            wishes=wishes_of(recipient.profile) if recipient else None,
            case=case,
        )

    def _recipient(self, authority: str, now: int) -> tuple[Authority, CardKey]:
        recipient = self._gateway.directory.find(authority)
        if recipient is None:
            raise InvalidMessageError("unknown-recipient", f"'{authority}' is not pinned here.")
        check_current(recipient, now)
        check_current(self._gateway.identity.authority, now)
        key = recipient.newest(KeyUse.SEAL, now)
        if key is None:
            raise InvalidMessageError("unknown-kid", f"{recipient.id} has no valid sealing key.")
        return recipient, key

    def _repeated(self, message: Message, digest: bytes) -> Submitted | None:
        """What was taken once gets the same answer, whatever became of the recipient's documents since."""
        known = self._gateway.store.read.sent_by_message(message.message_id)
        if known is None:
            return None
        if known.message_sha256 != digest:
            raise InvalidMessageError(
                "message-id-reused", f"MessageId {message.message_id.hex()} was sent with other content."
            )
        return Submitted(pid=known.pid, repeated=True)

    def _check_names(self, message: Message, submission: Submission) -> None:
        """Compare names and sizes before megabytes are read; hashes follow."""
        expected = {each.file_name: each.sha256 for each in message.attachments}
        parts = [(part.name, part.size, expected.get(part.name, b"")) for part in submission.parts[1:]]
        require_parts(message, parts)

    # --- sealing ---

    def _declared_envelope(self, submission: Submission) -> Envelope | None:
        """The envelope to the declared recipient; None when there is none, or nothing can be sealed to it now."""
        if submission.recipient is None:
            return None
        try:
            return self._envelope(submission.recipient, submission)
        except EmlaError:
            return None  # said to the officer when the message has been checked, unless it was taken before

    def _envelope(self, to: str, submission: Submission) -> Envelope:
        gateway, entropy = self._gateway, self._gateway.entropy
        days = submission.expires_in_days or gateway.settings.message.expiry_days
        now = gateway.now()
        recipient, key = self._recipient(to, now)
        return Envelope(
            sender=gateway.identity.id,
            recipient=recipient.id,
            recipient_key=key,
            sender_card=gateway.identity.card,
            recipient_card=CardReference(version=recipient.card.version, sha256=recipient.card_sha256),
            epoch=gateway.identity.authority.card.epoch,
            msg=uuid7(now, entropy(UUID_BYTES)),
            payload_id=uuid7(now, entropy(UUID_BYTES)),
            cek=entropy(32),
            salt=entropy(32),
            created=now,
            expires=now + min(days * 86400, WIRE.expiry_seconds_max),
            prio=submission.priority,
        )

    # --- the batch ---

    async def _commit(
        self, checked: Checked, seen: Look, sealed: SealedPayload, submission: Submission
    ) -> Submitted:
        try:
            return await self._keep(checked, seen, sealed, besides(self._gateway, checked, submission, seen))
        except DuplicateError:
            # Two copies of one message handed in at the same moment: the first one won, and the second is told so.
            repeated = self._repeated(checked.message, seen.act.digest)
            if repeated is None:
                raise
            return repeated

    async def _keep(
        self,
        checked: Checked,
        seen: Look,
        sealed: SealedPayload,
        also: list[Callable[[Transaction], None]],
    ) -> Submitted:
        gateway = self._gateway
        draft = sealed.draft
        record = Record(manifest=sealed.manifest, cek=sealed.cek, findings=checked.findings)
        # Not in the operation: it may run more than once and must build the same bytes each time.
        at, nonce, act_nonce = gateway.now(), gateway.entropy(NONCE_BYTES), gateway.entropy(NONCE_BYTES)

        def operation(transaction: Transaction) -> tuple[bytes, int, Issued, Subject]:
            seen.require_unmoved(transaction)
            # Sealing may have taken hours: numbers come from the ledger that this is recorded in, not from one that ended.
            epoch = transaction.epoch
            seq, prev = transaction.next_place(draft.recipient, epoch)
            package = address(replace(draft, epoch=epoch), seq=seq, prev=prev, signer=gateway.identity.signer)
            content_key = gateway.identity.content_key
            transaction.insert_sent(
                SentRow(
                    pid=package.pid,
                    signed=package.signed,
                    msg=draft.msg,
                    recipient=draft.recipient,
                    epoch=epoch,
                    seq=seq,
                    message_id=checked.message.message_id,
                    message_sha256=seen.act.digest,
                    payload_id=draft.payload.id,
                    payload_sha256=draft.payload.sha256,
                    payload_size=draft.payload.size,
                    payload=sealed.payload,
                    record=seal_record(record, content_key=content_key, nonce=nonce, pid=package.pid),
                    urgent=draft.prio is Priority.URGENT,
                    created=draft.created,
                    expires=draft.expires,
                )
            )
            act = seal_act(seen.act, content_key=content_key, nonce=act_nonce, pid=package.pid)
            if act is None:
                raise InvalidMessageError("too-large", "The message says more of its case than can be kept.")
            transaction.insert_act(package.pid, act, at)
            leg_id = transaction.insert_leg(
                LegKind.PACKAGE,
                package.pid,
                draft.recipient,
                urgent=draft.prio is Priority.URGENT,
                created=draft.created,
                expires=draft.expires,
            )
            subject = Subject(
                header=package.header, pid=package.pid, signature_sha256=package.signature_sha256
            )
            for each in also:
                each(transaction)
            issued = transaction.issue(gateway.acknowledge(Event.SUBMISSION_ACCEPTANCE, subject, at=at))
            return package.pid, leg_id, issued, subject

        # O2: before this commit the sequence number is not consumed; after it the package is READY whatever happens to us.
        pid, leg_id, _, subject = await gateway.store.write(operation)
        gateway.subjects.put(subject)
        self._dockets.tell(seen.act.case_id)
        if sealed.payload is not None:
            gateway.fresh.put(draft.payload.sha256, sealed.payload)
        self._on_leg(
            Leg(
                id=leg_id,
                kind=LegKind.PACKAGE,
                ref=pid,
                peer=draft.recipient,
                urgent=draft.prio is Priority.URGENT,
                state=LegState.READY,
                attempts=0,
                next_at=float(draft.created),
                last_code=None,
                created=draft.created,
                expires=draft.expires,
            )
        )
        return Submitted(pid=pid, repeated=False)


async def _alive(answer: Awaitable[Result]) -> Result:
    """What the clerk says; that it died is told to the submitter, of whom nothing was kept."""
    try:
        return await answer
    except SandboxDiedError as error:
        logger.warning("message not checked", extra={"reason": str(error)})
        raise InvalidMessageError("check-failed", str(error)) from error
