"""changes: what key officers decide about. Proposed by one, approved by another, then published; a revocation needs no two.

An act (`acts`) goes the same way. It is carried out at once when the second officer has signed.

Order of writes: C1 one batch holds the proposed document and the proposal with its leaf; C2 likewise each approval; C3 is K2 of
`own`: the published documents, a leaf for each, and the change PUBLISHED, in one batch. A crash before any of these leaves
things as they were, and the same call again does it; after it, the same call again finds it done.
"""

import contextlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from emla.flow.acts import Effects, effect_of
from emla.flow.documents.card_keys import check_held, check_windows
from emla.flow.documents.own import Own
from emla.flow.documents.recover import begin_epoch, check_epoch
from emla.flow.gateway import Gateway
from emla.formats import approval as approval_form
from emla.formats import documents as form
from emla.formats import dsse, standing
from emla.formats.act import decode_act
from emla.model.documents import Approval, ApprovalAct, Authority, Card, Documents, Officers
from emla.model.errors import InvalidDocumentError, MalformedError, NotFoundError
from emla.model.limits import WIRE
from emla.model.signed import PayloadType, SignedObject
from emla.ports.documents import ApprovalRow, ChangeRow, ChangeState
from emla.ports.keys import PrivateKeys
from emla.ports.store import Transaction
from emla.steps.approve import OfficersChange, succeed_officers, verify_approval, verify_change

logger = logging.getLogger("emla.changes")
Document = TypeVar("Document")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change as it stands, with what officers said."""

    row: ChangeRow
    approvals: tuple[ApprovalRow, ...]


class Changes:
    """The journeys of a change."""

    def __init__(self, gateway: Gateway, own: Own, keys: PrivateKeys, effects: Effects | None = None) -> None:
        self._gateway = gateway
        self._own = own
        self._keys = keys
        self._effects = effects or {}

    # --- reading ---

    def officers(self) -> Officers | None:
        """The key officers of today; None before there is a list."""
        payload = self._gateway.store.read.officers()
        return None if payload is None else approval_form.decode_officers(payload)

    def all(self, limit: int) -> Sequence[Change]:
        """Changes, the newest first."""
        return [self._with_approvals(row) for row in self._gateway.store.read.changes(limit)]

    def one(self, sha256: bytes) -> Change:
        """One change.

        Raises:
            NotFoundError: ``not-found``.
        """
        row = self._gateway.store.read.change(sha256)
        if row is None:
            raise NotFoundError("not-found", f"No change has the hash {sha256.hex()}.")
        return self._with_approvals(row)

    def _with_approvals(self, row: ChangeRow) -> Change:
        return Change(row=row, approvals=tuple(self._gateway.store.read.approvals(row.sha256)))

    # --- C1, C2 ---

    async def propose(self, kind: PayloadType, payload: bytes, approval: bytes) -> Change:
        """Take a document that an officer proposes; the same proposal again is found as it stands.

        Args:
            kind: card, root, officers or act.
            payload: the document's bytes, not signed yet.
            approval: the officer's signed proposal.

        Raises:
            InvalidDocumentError: it is not ours, not the next one, or not proposed by a key officer.
        """
        officers = self._judges(kind, payload)
        self._check_next(kind, payload)
        sha256 = form.document_hash(payload)
        said = self._said(approval, officers, ApprovalAct.PROPOSE, kind, sha256)
        row = ChangeRow(
            sha256=sha256,
            type=kind,
            payload=payload,
            state=ChangeState.PROPOSED,
            proposed_at=self._gateway.now(),
            published_at=None,
        )
        known = self._gateway.store.read.change(sha256)
        if known and not self._has_said(sha256, said, approval):
            raise InvalidDocumentError("approval-missing", "It was proposed already; approve it.")
        await self._gateway.store.write(lambda each: _keep(each, row, _row(sha256, said, approval)))
        return self.one(sha256)

    async def approve(self, sha256: bytes, approval: bytes) -> Change:
        """Take another officer's approval; an act is then carried out.

        Raises:
            NotFoundError: there is no such change.
            InvalidDocumentError: it is not about this document, not by a key officer, or by the one who proposed.
            EmlaError: the act cannot be carried out as things stand; the approval is kept.
        """
        change = self.one(sha256)
        kind, payload = change.row.type, change.row.payload
        said = self._said(approval, self._judges(kind, payload), ApprovalAct.APPROVE, kind, sha256)
        if any(each.officer == said.officer and each.signed != approval for each in change.approvals):
            raise InvalidDocumentError("same-officer", "This officer has spoken about the change already.")
        await self._gateway.store.write(lambda each: each.insert_approval(_row(sha256, said, approval)))
        return await self.publish(sha256, ()) if kind is PayloadType.ACT else self.one(sha256)

    def _judges(self, kind: PayloadType, payload: bytes) -> Officers:
        """Who decides about a document: the officers of today; about the first list, those whom it lists itself."""
        officers = self.officers()
        if officers is None and kind is PayloadType.OFFICERS:
            officers = _decoded(approval_form.decode_officers, payload)
        if officers is None:
            raise InvalidDocumentError(
                "approval-missing", "There are no key officers yet; propose a list of them first."
            )
        if officers.authority != self._own.authority.id:
            raise InvalidDocumentError("invalid-document", "The officers are another authority's.")
        return officers

    def _check_next(self, kind: PayloadType, payload: bytes) -> None:
        """Refuse early what could never be published: another authority's, or a version that has been."""
        known = self._own.authority
        if kind is PayloadType.CARD:
            card = _decoded(form.decode_card, payload)
            owner, version = card.authority, card.version
            last = known.card.version if card.root_version <= known.root.version else 0
            self._check_epoch(card)
            self._check_windows(card)
        elif kind is PayloadType.ROOT:
            root = _decoded(form.decode_root, payload)
            owner, version, last = root.authority, root.version, known.root.version
        elif kind is PayloadType.OFFICERS:
            offered, before = _decoded(approval_form.decode_officers, payload), self.officers()
            owner, version, last = offered.authority, offered.version, before.version if before else 0
        elif kind is PayloadType.ACT:
            act = _decoded(decode_act, payload)
            owner, version, last = act.authority, 1, 0  # its nonce tells it from any other
            if owner == known.id:
                effect_of(self._effects, act, self._gateway.now())
        else:
            raise InvalidDocumentError(
                "invalid-document", f"Officers do not decide about a {kind.name.lower()}."
            )
        if owner != known.id:
            raise InvalidDocumentError("invalid-document", f"The document is one of {owner}.")
        if version <= last:
            raise InvalidDocumentError(
                "document-rollback", f"It has version {version}; version {last} is published."
            )

    def _said(
        self, signed: bytes, officers: Officers, act: ApprovalAct, kind: PayloadType, sha256: bytes
    ) -> Approval:
        said = verify_approval(signed, officers)
        if (said.act, said.document_type, said.document_sha256) != (act, kind, sha256):
            raise InvalidDocumentError(
                "approval-missing", f"The officer's word is no '{act}' of this document."
            )
        if said.at > self._gateway.now() + WIRE.clock_skew_seconds:
            raise InvalidDocumentError("clock-skew", f"The officer's clock says {said.at}.")
        return said

    def _has_said(self, sha256: bytes, said: Approval, signed: bytes) -> bool:
        stored = self._gateway.store.read.approvals(sha256)
        return any(each.officer == said.officer and each.signed == signed for each in stored)

    # --- C3 ---

    async def publish(self, sha256: bytes, signed: Sequence[bytes]) -> Change:
        """Publish an approved change; when this returns, it is what we are, and on its way to every peer.

        Args:
            sha256: the change.
            signed: the signed objects: the card, or the next root and the card under it, which belong together; none for
                officers or an act.

        Raises:
            InvalidDocumentError: approvals or signatures are missing, or a peer would refuse the result.
            ConfigurationError: ``unreadable-key``: the card lists a key whose private half is not here.
        """
        change = self.one(sha256)
        if change.row.state is ChangeState.PUBLISHED:
            return change
        if change.row.type is PayloadType.OFFICERS:
            await self._publish_officers(change)
            return self.one(sha256)
        if change.row.type is PayloadType.ACT:
            await self._carry_out(self._approved(sha256))
            return self.one(sha256)
        documents = {form.document_hash(each.payload): each for each in map(_signed_object, signed)}
        if sha256 not in documents:
            raise InvalidDocumentError("invalid-document", "The signed document is not the one approved.")
        approved = [self._approved(each) for each in documents]
        card = next((each.row.payload for each in approved if each.row.type is PayloadType.CARD), None)
        if card is not None:
            # The keys first: once the card is out, packages may come for them.
            await self._keys.reload()
            self._check_keys(_decoded(form.decode_card, card))
        now, begin = self._gateway.now(), self._beginning(card)

        def also(transaction: Transaction) -> None:
            if begin:
                begin(transaction)
            for each in approved:
                transaction.publish_change(each.row.sha256, now)

        encoded = {each.row.type: dsse.encode(documents[each.row.sha256]) for each in approved}
        await self._own.adopt(lambda known: _with(known, encoded), also)
        if begin:
            self._gateway.signals.ledger_opened()
        logger.info("change published", extra={"code": ", ".join(each.name.lower() for each in encoded)})
        return self.one(sha256)

    def _approved(self, sha256: bytes) -> Change:
        change = self.one(sha256)
        officers = self._judges(change.row.type, change.row.payload)
        verify_change(change.row.type, sha256, [each.signed for each in change.approvals], officers)
        return change

    def _check_epoch(self, card: Card) -> None:
        seen = max((row.epoch for row in self._gateway.store.read.seen(card.authority)), default=0)
        check_epoch(
            self._own.authority.card, card, closed=self._gateway.ledger_closed() is not None, seen=seen
        )

    def _beginning(self, payload: bytes | None) -> Callable[[Transaction], None] | None:
        """What begins a new epoch of our ledger (R4), where a card says so."""
        card = None if payload is None else _decoded(form.decode_card, payload)
        if card is None or card.epoch == self._own.authority.card.epoch:
            return None
        self._check_epoch(card)
        return begin_epoch(self._gateway, self._keys, replace(self._own.authority, card=card))

    async def _publish_officers(self, change: Change) -> None:
        row = change.row
        offered = OfficersChange(
            payload=row.payload, approvals=tuple(each.signed for each in change.approvals)
        )
        officers = succeed_officers(self._gateway.store.read.officers(), offered)
        self._judges(PayloadType.OFFICERS, row.payload)
        now = self._gateway.now()

        def operation(transaction: Transaction) -> None:
            transaction.insert_document(row.payload)
            transaction.put_officers(officers.version, row.payload)
            transaction.publish_change(row.sha256, now)

        await self._gateway.store.write(operation)

    async def _carry_out(self, change: Change) -> None:
        """C4: the effect, the act's leaf and the change PUBLISHED in one batch."""
        row = change.row
        act = _decoded(decode_act, row.payload)
        now = self._gateway.now()
        effect = effect_of(self._effects, act, now)

        def also(transaction: Transaction) -> None:
            transaction.insert_document(row.payload)
            transaction.publish_change(row.sha256, now)

        await effect(act, also)
        logger.warning("act carried out", extra={"what": act.kind.value, "pid": act.facts.get("pid")})

    def _check_windows(self, card: Card) -> None:
        now, absent = self._gateway.now(), self._gateway.identity.absent
        check_windows(self._own.authority, card, now=now, absent=absent)

    def _check_keys(self, card: Card) -> None:
        self._check_windows(card)  # again: officers and root have taken their time
        now, absent = self._gateway.now(), self._gateway.identity.absent
        held = {(each.use, each.kid) for each in self._keys.held()}
        check_held(self._own.authority, card, now=now, held=held, absent=absent)

    # --- revocation ---

    async def revoke(self, signed: bytes) -> Authority:
        """Publish a revocation or a freeze, signed by one root key. A known one again changes nothing.

        Raises:
            InvalidDocumentError: not ours, not signed by a root key, or about no key of ours.
        """
        try:
            envelope = form.decode_signed(signed, PayloadType.REVOCATION)
            revocation = standing.decode_revocation(envelope.payload)
        except MalformedError as error:
            raise InvalidDocumentError("invalid-document", error.detail) from error
        known = self._own.authority
        if revocation in known.revocations:
            return known
        if revocation.kid is not None and all(key.kid != revocation.kid for key in known.card.keys):
            raise InvalidDocumentError("invalid-document", f"The card lists no key {revocation.kid}.")
        if revocation.created > self._gateway.now() + WIRE.clock_skew_seconds:
            raise InvalidDocumentError("clock-skew", f"The revocation was made at {revocation.created}.")
        logger.warning(
            "revoked", extra={"kid": revocation.kid, "code": "frozen" if revocation.kid is None else None}
        )
        return await self._own.adopt(
            lambda documents: replace(documents, revocations=(*documents.revocations, signed))
        )


def _keep(transaction: Transaction, row: ChangeRow, approval: ApprovalRow) -> None:
    transaction.insert_change(row)
    transaction.insert_approval(approval)


def _row(sha256: bytes, said: Approval, signed: bytes) -> ApprovalRow:
    return ApprovalRow(change=sha256, officer=said.officer, act=said.act, at=said.at, signed=signed)


def _with(known: Documents, encoded: dict[PayloadType, bytes]) -> Documents:
    root = encoded.get(PayloadType.ROOT)
    return replace(
        known,
        roots=(*known.roots, root) if root else known.roots,
        card=encoded.get(PayloadType.CARD, known.card),
    )


def _decoded(decode: Callable[[bytes], Document], payload: bytes) -> Document:
    try:
        return decode(payload)
    except MalformedError as error:
        raise InvalidDocumentError("invalid-document", error.detail) from error


def _signed_object(signed: bytes) -> SignedObject:
    """A signed card or root, whichever it is."""
    for kind in (PayloadType.CARD, PayloadType.ROOT):
        with contextlib.suppress(MalformedError):
            return form.decode_signed(signed, kind)
    raise InvalidDocumentError(
        "invalid-document", "What was handed in is neither a signed card nor a signed root."
    )
