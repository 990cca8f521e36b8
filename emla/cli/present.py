"""What the server has today that a change is compared with: our documents, the list of officers, and the changes there are."""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from emla.bootstrap.ceremony import trusted_export
from emla.client.key_answers import Change
from emla.formats import approval as approval_form
from emla.formats import documents as form
from emla.formats.act import decode_act
from emla.model.act import Act
from emla.model.documents import Authority, Card, Officers, Root
from emla.model.errors import (
    ConfigurationError,
    EmlaError,
    InvalidDocumentError,
    MalformedError,
    NotFoundError,
)
from emla.model.signed import PayloadType
from emla.steps.compare import Difference, compare_act, compare_cards, compare_officers, compare_roots

if TYPE_CHECKING:
    from emla.client.client import Client

DIGITS_MIN = 8
"""How much of a change's hash names it."""
KINDS = {
    "card": PayloadType.CARD,
    "root": PayloadType.ROOT,
    "officers": PayloadType.OFFICERS,
    "act": PayloadType.ACT,
}
TITLES = {"card": "Card", "root": "Root", "officers": "List of key officers"}
Document = Card | Root | Officers | Act


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """What is in force, and what is proposed."""

    authority: Authority
    officers: Officers | None
    officers_document: bytes | None
    changes: tuple[Change, ...]

    def find(self, digits: str) -> Change:
        """The change of a hash, or of its beginning.

        Raises:
            NotFoundError: ``not-found``: there is none, or several begin so.
        """
        wanted = digits.strip().lower()
        found = [each for each in self.changes if each.hash.startswith(wanted)]
        if len(wanted) < DIGITS_MIN or len(found) != 1:
            why = "Several changes begin with" if len(found) > 1 else "No change has the id"
            if len(wanted) < DIGITS_MIN:
                why = f"At least {DIGITS_MIN} digits name a change, not"
            raise NotFoundError("not-found", f"{why} '{digits}'. `emla card show` lists what waits.")
        return found[0]

    def waiting(self) -> tuple[Change, ...]:
        """The changes that are proposed and may still be published, the oldest first."""
        return tuple(
            each
            for each in reversed(self.changes)
            if each.state == "PROPOSED" and not self.overtaken(decoded(each))
        )

    def overtaken(self, document: Document) -> bool:
        """Whether it can never be published: this version or a later one is in force; an act has waited too long."""
        if isinstance(document, Act):
            return document.lapsed(time.time())
        if isinstance(document, Card):
            card = self.authority.card
            return (document.root_version, document.version) <= (card.root_version, card.version)
        if isinstance(document, Root):
            return document.version <= self.authority.root.version
        return self.officers is not None and document.version <= self.officers.version

    def differences(self, document: Document) -> tuple[Difference, ...]:
        """What a document changes against today; of an act, everything it says."""
        if isinstance(document, Act):
            return compare_act(document)
        if isinstance(document, Card):
            return compare_cards(self.authority, document)
        if isinstance(document, Root):
            return compare_roots(self.authority.root, document)
        return compare_officers(self.officers, document)

    def required_officers(self) -> Officers:
        """The list of officers in force.

        Raises:
            InvalidDocumentError: ``approval-missing``: there is none yet.
        """
        if self.officers is None:
            raise InvalidDocumentError(
                "approval-missing",
                "There are no key officers yet. Each makes a key with `emla keys new FILE --officer NAME`; then one"
                " proposes the list with `emla card propose --officer FILE.pub.json ... --as OFFICER-KEY`.",
            )
        return self.officers


async def read_present(client: "Client") -> Present:
    """Ask the server."""
    try:
        document: bytes | None = (await client.officers()).document
    except EmlaError as error:
        if error.code != "not-found":
            raise
        document = None
    return Present(
        authority=trusted_export(await client.documents(), "the server's documents"),
        officers=approval_form.decode_officers(document) if document else None,
        officers_document=document,
        changes=await client.changes(),
    )


def decoded(change: Change) -> Document:
    """The document of a change; its bytes must be those of the hash that names it.

    Raises:
        ConfigurationError: ``unreadable-answer``: they are others.
        InvalidDocumentError: ``invalid-document``.
    """
    if form.document_hash(change.document).hex() != change.hash or change.type not in KINDS:
        raise ConfigurationError(
            "unreadable-answer", f"The change {change.hash} comes with another document."
        )
    try:
        return decode_document(KINDS[change.type], change.document)
    except MalformedError as error:
        raise InvalidDocumentError("invalid-document", error.detail) from error


def version_of(document: Document) -> int | None:
    """Its version; None for an act, which has none."""
    return None if isinstance(document, Act) else document.version


def decode_document(kind: PayloadType, payload: bytes) -> Document:
    """Decode a card, a root, a list of officers or an act."""
    if kind is PayloadType.ACT:
        return decode_act(payload)
    if kind is PayloadType.CARD:
        return form.decode_card(payload)
    if kind is PayloadType.ROOT:
        return form.decode_root(payload)
    return approval_form.decode_officers(payload)
