"""What every proposal does: show it, ask, sign with the officer's key, hand it in, say what comes next."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from emla.cli import screen
from emla.cli.change_view import differences_document, next_commands, show_differences, title
from emla.cli.invocation import wants_json, with_client
from emla.cli.present import KINDS, Document, Present, decode_document, decoded, version_of
from emla.cli.wording import short
from emla.model.signed import PayloadType, SignedObject

if TYPE_CHECKING:
    from emla.bootstrap.ceremony import OpenedKey
    from emla.client.client import Client
    from emla.client.key_answers import Change

_KIND_NAMES = {value: name for name, value in KINDS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A document that is to be proposed, and where its draft for the root lies."""

    kind: PayloadType
    payload: bytes
    draft: Path | None = None
    draft_is_new: bool = False
    """Whether the draft is still to be written."""

    @property
    def document(self) -> Document:
        """The document itself."""
        return decode_document(self.kind, self.payload)


def show_proposals(proposals: list[Proposal], present: Present) -> None:
    """Print what they change; nothing with ``--json``."""
    if wants_json():
        return
    for other in _rivals(proposals, present):
        words = f"The change {short(other.hash)} waits, too, and only one of the two can be published."
        screen.note(f"Note: {words} Publish that first, or let it be.", style="yellow")
    for each in proposals:
        show_differences(each.document, present.differences(each.document), None)


def _rivals(proposals: list[Proposal], present: Present) -> "list[Change]":
    """Changes that wait and have the type and version of a proposal."""
    mine = {(_KIND_NAMES[each.kind], version) for each in proposals if (version := version_of(each.document))}
    return [each for each in present.waiting() if (each.type, version_of(decoded(each))) in mine]


def proposals_document(proposals: list[Proposal], present: Present) -> list[dict[str, object]]:
    """What they change, as a JSON document."""
    return [
        {
            "type": _KIND_NAMES[each.kind],
            "version": version_of(each.document),
            "differences": differences_document(present.differences(each.document)),
        }
        for each in proposals
    ]


def refuse_existing(path: Path) -> None:
    """Say that a draft is in the way before anybody types a passphrase.

    Raises:
        ConfigurationError: ``unwritable-file``.
    """
    from emla.model.errors import ConfigurationError

    if path.exists():
        raise ConfigurationError("unwritable-file", f"{path} exists; name another with --out, or remove it.")


def hand_in(proposals: list[Proposal], officer: "OpenedKey", authority: str) -> "list[Change]":
    """Write the drafts, then sign and propose each document.

    Raises:
        EmlaError: a draft that was written for nothing is removed again.
    """
    from emla.cli.export_file import write_new
    from emla.formats import dsse

    written: list[Path] = []
    try:
        for each in proposals:
            if each.draft and each.draft_is_new:
                signed = SignedObject(payload_type=each.kind, payload=each.payload, signatures=())
                write_new(each.draft, dsse.encode(signed))
                written.append(each.draft)
        return _hand_in(proposals, officer, authority)
    except BaseException:
        for path in written:
            path.unlink(missing_ok=True)
        raise


def _hand_in(proposals: list[Proposal], officer: "OpenedKey", authority: str) -> "list[Change]":
    from emla.bootstrap.officer import officers_word
    from emla.model.documents import ApprovalAct

    async def work(client: "Client") -> "list[Change]":
        now = int(time.time())
        return [
            await client.propose(
                _KIND_NAMES[each.kind],
                each.payload,
                officers_word(
                    officer.signer, ApprovalAct.PROPOSE, authority, each.kind, each.payload, now=now
                ),
            )
            for each in proposals
        ]

    return with_client(work)


def tell(proposals: list[Proposal], changes: "list[Change]", officer: str) -> None:
    """Say what is proposed, and the next commands."""
    for proposal, change in zip(proposals, changes, strict=True):
        screen.say(
            f"{title(proposal.document)} is proposed by {officer}: change {short(change.hash)}.",
            style="green",
        )
    first, *then = next_commands(*changes, drafts=_files(proposals))
    screen.note("Next, by another officer:")
    screen.note(f"  {first}")
    if not then:
        return
    offline = "Then, with the root keys, and back on this machine:"
    screen.note(offline if len(then) > 1 else "Then:")
    for line in then:
        screen.note(f"  {line}")


def _files(proposals: list[Proposal]) -> list[str]:
    """The drafts of proposals, a root's before that of the card under it."""
    ordered = sorted(proposals, key=lambda each: each.kind is not PayloadType.ROOT)
    return [str(each.draft) for each in ordered if each.draft]


def changes_document(proposals: list[Proposal], changes: "list[Change]") -> list[dict[str, object]]:
    """What is proposed, as a JSON document."""
    return [
        {
            "change": change.hash,
            "type": change.type,
            "draft": str(proposal.draft) if proposal.draft else None,
            "next": next_commands(*changes, drafts=_files(proposals)),
        }
        for proposal, change in zip(proposals, changes, strict=True)
    ]
