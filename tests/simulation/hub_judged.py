"""What a hub of a run leaves behind: its promises are kept, nothing was let go but by its owner's word, nothing can be read."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from emla.bootstrap.own import own_authority
from emla.model.acknowledgement import Event
from tests.simulation.officers import LARGE_BYTES
from tests.support.authorities import derived
from tests.support.books import reading
from tests.support.gateways import select
from tests.support.hub_books import hub_violations
from tests.support.messages import ATTACHMENT_NAME
from tests.support.plaintext import found_in, needles_of

_PIECE_BYTES = 64


def hub_found(hub: Path, members: Sequence[Path], documents: Sequence[bytes]) -> list[str]:
    """Everything that is wrong in the folder of a hub.

    Args:
        hub: its folder.
        members: the folders of those whose mailboxes it keeps.
        documents: every message that was handed in.
    """
    found = [f"{hub.name}: {each}" for each in hub_violations(hub, promised_to(members))]
    held = select(hub, "SELECT owner, count(*) FROM mailbox_item WHERE state = 'HELD' GROUP BY owner")
    found += [f"[32] {hub.name}: {count} items for {owner} were never collected" for owner, count in held]
    public = frozenset(word for folder in (hub, *members) for word in _public(folder))
    needles = sorted({each for document in documents for each in _needles(document, public)})
    found += [f"[10] {hub.name}: {each}" for each in (found_in(hub, needles) if needles else ())]
    return found


def promised_to(members: Sequence[Path]) -> dict[bytes, bytes]:
    """Every HubAcceptance that a member holds, by package id."""
    sql = "SELECT pid, bundle FROM acknowledgement WHERE event = ?"
    found: dict[bytes, bytes] = {}
    for each in members:
        with reading(each) as database:
            found.update(database.execute(sql, (Event.HUB_ACCEPTANCE.value,)).fetchall())
    return found


def _public(folder: Path) -> list[str]:
    authority = own_authority(folder)
    profile = authority.profile
    names = [name for _, name in profile.names]
    contacts = [value for _, value in profile.contacts]
    return [authority.id, *names, *contacts]


@cache
def _needles(document: bytes, public: frozenset[str]) -> tuple[bytes, ...]:
    annex = derived("annex", length=LARGE_BYTES)
    return needles_of(document, ATTACHMENT_NAME, annex[:_PIECE_BYTES], public=public)
