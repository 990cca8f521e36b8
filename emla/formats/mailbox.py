"""What a hub and the owner of a mailbox say to each other about its items (docs/spec/hub.md, section 4). Strict JSON."""

import itertools
import re
from collections.abc import Sequence

from emla.formats import strict_json
from emla.formats.strict_json import Json, Members, encode_octets
from emla.model.errors import MalformedError
from emla.model.limits import WIRE
from emla.model.mailbox import ITEMS_IN_ANSWER_MAX, RELEASES_MAX, ItemKind, Listing, Release

VERSION = 1
OK = "ok"
"""The outcome of a release that stands."""
LIST_BYTES_MAX = 32 * 1024
RELEASE_BYTES_MAX = RELEASES_MAX * (WIRE.bundle_bytes * 4 // 3 + 128)
OUTCOMES_BYTES_MAX = 4096
_REF = re.compile(r"[0-9a-f]{64}", re.ASCII)
_CODE = re.compile(r"[a-z][a-z-]{1,40}", re.ASCII)


def encode_list(items: Sequence[Listing]) -> bytes:
    """Encode a list of items."""
    shown: list[Json] = [
        {
            "item": each.item,
            "kind": each.kind.value,
            "ref": each.ref.hex(),
            "size": each.size,
            "at": each.at,
            "expires": each.expires,
        }
        for each in items
    ]
    return strict_json.encode({"v": VERSION, "items": shown})


def decode_list(data: bytes) -> tuple[Listing, ...]:
    """Decode a list of items.

    Raises:
        MalformedError: not a list, or not in ascending order.
    """
    members = Members(strict_json.decode(data, LIST_BYTES_MAX), "mailbox")
    members.integer("v", VERSION, VERSION)
    items = tuple(_listing(each) for each in members.objects("items", ITEMS_IN_ANSWER_MAX))
    members.extensions()
    members.finish()
    if any(one.item >= next_one.item for one, next_one in itertools.pairwise(items)):
        raise MalformedError("mailbox is not in ascending order.")
    return items


def _listing(members: Members) -> Listing:
    listing = Listing(
        item=members.integer("item", 1),
        kind=_kind(members.text("kind")),
        ref=bytes.fromhex(members.text("ref", _REF)),
        size=members.integer("size", 1),
        at=members.instant("at"),
        expires=members.instant("expires"),
    )
    members.extensions()
    members.finish()
    return listing


def _kind(value: str) -> ItemKind:
    try:
        return ItemKind(value)
    except ValueError as error:
        raise MalformedError("mailbox holds something of an unknown kind.") from error


def encode_releases(releases: Sequence[Release]) -> bytes:
    """Encode what is to be released."""
    shown: list[Json] = []
    for each in releases:
        members: dict[str, Json] = {"item": each.item}
        if each.proof is not None:
            members["proof"] = encode_octets(each.proof)
        if each.ref is not None:
            members["ref"] = each.ref.hex()
        shown.append(members)
    return strict_json.encode({"v": VERSION, "items": shown})


def decode_releases(data: bytes) -> tuple[Release, ...]:
    """Decode what is to be released.

    Raises:
        MalformedError: not a release, or empty, or with one item twice.
    """
    members = Members(strict_json.decode(data, RELEASE_BYTES_MAX), "release")
    members.integer("v", VERSION, VERSION)
    releases = tuple(_release(each) for each in members.objects("items", RELEASES_MAX))
    members.extensions()
    members.finish()
    if not releases or len({each.item for each in releases}) != len(releases):
        raise MalformedError("release names no item, or one twice.")
    return releases


def _release(members: Members) -> Release:
    release = Release(
        item=members.integer("item", 1),
        proof=members.octets("proof", longest=WIRE.bundle_bytes) if members.has("proof") else None,
        ref=bytes.fromhex(members.text("ref", _REF)) if members.has("ref") else None,
    )
    members.extensions()
    members.finish()
    return release


def encode_outcomes(outcomes: Sequence[str]) -> bytes:
    """Encode what became of each item, in the order in which they were named."""
    return strict_json.encode({"v": VERSION, "outcomes": list(outcomes)})


def decode_outcomes(data: bytes, count: int) -> tuple[str, ...]:
    """Decode what became of so many items.

    Raises:
        MalformedError: not so many outcomes.
    """
    members = Members(strict_json.decode(data, OUTCOMES_BYTES_MAX), "outcomes")
    members.integer("v", VERSION, VERSION)
    outcomes = members.texts("outcomes", RELEASES_MAX, _CODE)
    members.extensions()
    members.finish()
    if len(outcomes) != count:
        raise MalformedError("outcomes are not as many as there were items.")
    return outcomes
