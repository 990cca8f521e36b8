"""next_card: the card in force, and what is to change -> the next card. Nothing is signed here.

Rules:
 1. The version is one more; what is not said to change stays as it is.
 2. No key disappears: what it signed stays verifiable. A key ends earlier or later, and never before it begins.
 3. A ledger that ends takes its keys with it: they end with the card that begins the next epoch.
 4. What comes out is a card that decodes, or an error that says why it would be none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from emla.formats import documents as form
from emla.ledger.checkpoint import origin_of
from emla.model.documents import Authority, Card, CardKey, Endpoint, KeyUse
from emla.model.errors import InvalidDocumentError, MalformedError


@dataclass(frozen=True, slots=True, kw_only=True)
class CardPlan:
    """What is to change from one card to the next."""

    add: Sequence[CardKey] = ()
    ends: Mapping[str, int] = field(default_factory=dict)
    """New ends of windows, by key id."""
    endpoint_url: str | None = None
    """Where the gateway is reached from now on; its TLS key stays."""
    spki_sha256: bytes | None = None
    """The TLS key of the gateway, for a first endpoint."""
    without_endpoint: bool = False
    """Whether nobody can reach it from outside any more."""
    hubs: Sequence[str] | None = None
    """The hubs that hold what is for it from now on."""
    root_version: int | None = None
    """The root it is signed under; None: the one in force."""
    begins_epoch: bool = False
    """Whether the ledger ends and the next one begins, because peers hold more of it than we do."""
    epoch_above: int = 0
    """An epoch that somebody has seen already: one that begins is above it, too."""
    version_above: int = 0
    """A version that somebody has seen already: the next one is above it, too."""


def next_card(known: Authority, plan: CardPlan, *, now: int, life_seconds: int) -> Card:
    """Make the next card.

    Args:
        known: the authority as it stands.
        plan: what changes.
        now: UNIX seconds.
        life_seconds: how long the card lives.

    Raises:
        InvalidDocumentError: ``invalid-document``: it would be no card.
    """
    before = known.card
    kids = {key.kid for key in before.keys}
    if unknown := sorted(plan.ends.keys() - kids):
        raise InvalidDocumentError("invalid-document", f"The card lists no key {unknown[0]}.")
    if twice := [key.kid for key in plan.add if key.kid in kids]:
        raise InvalidDocumentError("invalid-document", f"The card lists the key {twice[0]} already.")
    epoch = max(before.epoch, plan.epoch_above) + 1 if plan.begins_epoch else before.epoch
    card = replace(
        before,
        version=max(before.version, plan.version_above) + 1,
        root_version=known.root.version if plan.root_version is None else plan.root_version,
        keys=(
            *(replace(key, not_after=plan.ends.get(key.kid, key.not_after)) for key in before.keys),
            *plan.add,
        ),
        endpoints=_endpoints(before, plan),
        hubs=before.hubs if plan.hubs is None else tuple(plan.hubs),
        epoch=epoch,
        ledger_origin=origin_of(before.authority, epoch),
        created=now,
        expires=now + life_seconds,
    )
    if not card.endpoints and not card.hubs:
        raise InvalidDocumentError("invalid-document", "Without an endpoint and a hub nobody could reach it.")
    if len(set(card.hubs)) != len(card.hubs) or card.authority in card.hubs:
        raise InvalidDocumentError("invalid-document", "A card names each hub once, and no hub is its own.")
    try:
        form.decode_card(form.encode_card(card))
    except MalformedError as error:
        raise InvalidDocumentError("invalid-document", error.detail) from error
    return card


def _endpoints(before: Card, plan: CardPlan) -> tuple[Endpoint, ...]:
    if plan.without_endpoint:
        return ()
    if plan.endpoint_url is None:
        return before.endpoints
    spki_sha256 = before.endpoints[0].spki_sha256 if before.endpoints else plan.spki_sha256
    if spki_sha256 is None:
        raise InvalidDocumentError("invalid-document", "A first endpoint needs the gateway's TLS key.")
    return (Endpoint(url=plan.endpoint_url, spki_sha256=spki_sha256),)


def overlap_ends(known: Authority, use: KeyUse, begin: int, overlap_seconds: int) -> dict[str, int]:
    """When the present keys of a use end, if a new one begins: they overlap it so long, and none is made to live longer.

    A revoked key, one that has ended by then, and one that would begin only after it are left alone.
    """
    last = begin + overlap_seconds
    return {
        key.kid: last
        for key in known.keys(use)
        if known.revoked(key.kid) is None and key.not_before < begin and key.not_after > last
    }
