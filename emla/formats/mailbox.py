"""Mailboxes on the wire (docs/spec/hub.md): the list of items, a release, and its outcomes. Strict JSON."""

import re
from collections.abc import Sequence

from emla.formats import strict_json
from emla.formats.strict_json import Json, Members, encode_octets
from emla.model.errors import MalformedError
from emla.model.limits import WIRE
from emla.model.mailbox import ITEMS_MAX, RELEASES_MAX, Item, ItemKind, Release

VERSION = 1
LIST_BYTES_MAX = 64 * 1024
OUTCOMES_BYTES_MAX = 4096
RELEASE_BYTES_MAX = RELEASES_MAX * (WIRE.bundle_bytes * 4 // 3 + 64) + 64
_REF = re.compile(r"[0-9a-f]{64}", re.ASCII)
_OUTCOME = re.compile(r"[a-z][a-z-]{1,40}", re.ASCII)


def encode_list(items: Sequence[Item]) -> bytes:
    """Encode the answer to a list."""
    return strict_json.encode(
        {
            "v": VERSION,
            "items": [
                {
                    "item": each.number,
                    "kind": each.kind.value,
                    "ref": each.ref.hex(),
                    "size": each.size,
                    "at": each.at,
                    "expires": each.expires,
                }
                for each in items
            ],
        }
    )


def decode_list(data: bytes, after: int) -> tuple[Item, ...]:
    """Decode the answer to a list.

    Args:
        data: the answer.
        after: the number that was asked for.

    Raises:
        MalformedError: not a list, or its numbers do not ascend from `after`: whoever follows it would go in circles.
    """
    members = _begin(data, LIST_BYTES_MAX, "mailbox")
    items = tuple(_item(each) for each in members.objects("items", ITEMS_MAX))
    _end(members)
    for item in items:
        if item.number <= after:
            raise MalformedError("The numbers of a mailbox ascend.")
        after = item.number
    return items


def _item(members: Members) -> Item:
    kind = members.text("kind", longest=32)
    if kind not in ItemKind:
        raise MalformedError("A mailbox holds items of four kinds.")
    item = Item(
        number=members.integer("item", 1),
        kind=ItemKind(kind),
        ref=bytes.fromhex(members.text("ref", _REF)),
        size=members.integer("size", 1),
        at=members.instant("at"),
        expires=members.instant("expires"),
    )
    members.finish()
    return item


def encode_releases(releases: Sequence[Release]) -> bytes:
    """Encode a release of 1 to 32 items."""
    items: list[Json] = []
    for each in releases:
        item: dict[str, Json] = {"item": each.number}
        if each.proof is not None:
            item["proof"] = encode_octets(each.proof)
        items.append(item)
    return strict_json.encode({"v": VERSION, "items": items})


def decode_releases(data: bytes) -> tuple[Release, ...]:
    """Decode a release.

    Raises:
        MalformedError: not a release, of none, or of too many.
    """
    members = _begin(data, RELEASE_BYTES_MAX, "release")
    releases = tuple(_release(each) for each in members.objects("items", RELEASES_MAX))
    _end(members)
    if not releases:
        raise MalformedError("A release names at least one item.")
    return releases


def _release(members: Members) -> Release:
    release = Release(
        number=members.integer("item", 1),
        proof=members.octets("proof", longest=WIRE.bundle_bytes) if members.has("proof") else None,
    )
    members.finish()
    return release


def encode_outcomes(outcomes: Sequence[str]) -> bytes:
    """Encode the answer to a release."""
    return strict_json.encode({"v": VERSION, "outcomes": list(outcomes)})


def decode_outcomes(data: bytes, count: int) -> tuple[str, ...]:
    """Decode the answer to a release of `count` items.

    Raises:
        MalformedError: not an answer, or not one outcome for each item.
    """
    members = _begin(data, OUTCOMES_BYTES_MAX, "outcomes")
    outcomes = members.texts("outcomes", RELEASES_MAX, _OUTCOME)
    _end(members)
    if len(outcomes) != count:
        raise MalformedError("Not one outcome for each item.")
    return outcomes


def _begin(data: bytes, size_bytes_max: int, what: str) -> Members:
    members = Members(strict_json.decode(data, size_bytes_max), what)
    members.integer("v", VERSION, VERSION)
    return members


def _end(members: Members) -> None:
    members.extensions()
    members.finish()
