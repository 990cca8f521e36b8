"""card_keys: may a card of ours be published, by its keys? What was signed stays verifiable (docs/spec/documents.md 3.2); what is
promised can be done.
"""

from collections.abc import Set

from emla.model.documents import Authority, Card, CardKey, KeyUse
from emla.model.errors import ConfigurationError, InvalidDocumentError
from emla.steps.compare import at

_SIGNING = frozenset({KeyUse.SIGN, KeyUse.LEDGER})


def check_windows(known: Authority, card: Card, *, now: int, absent: Set[str]) -> None:
    """Refuse a card that drops a key, or takes back an instant at which one may have signed.

    Args:
        known: the authority with the card in force.
        card: the next one.
        now: UNIX seconds.
        absent: the ids of listed keys whose private half is lost: they sign nothing.

    Raises:
        InvalidDocumentError: ``invalid-document``.
    """
    listed = {(key.kid, key.use): key for key in card.keys}
    for before in known.card.keys:
        after = listed.get((before.kid, before.use))
        if after is None:
            raise InvalidDocumentError(
                "invalid-document", f"The card no longer lists the {before.use} key {before.kid}."
            )
        # A ledger that is closed signs nothing: its keys end with the card that begins the next epoch.
        is_idle = before.kid in absent or (before.use is KeyUse.LEDGER and card.epoch != known.card.epoch)
        if before.use in _SIGNING and not is_idle and known.revoked(before.kid) is None:
            _check_past(before, after, now)


def check_held(
    known: Authority, card: Card, *, now: int, held: Set[tuple[KeyUse, str]], absent: Set[str]
) -> None:
    """Refuse a card with a key whose private half is not here.

    Args:
        known: the authority with the card in force.
        card: the next one.
        now: UNIX seconds.
        held: the private keys that are here, by use and key id.
        absent: the ids of listed keys whose private half is lost; they cannot be taken off the card, and may not live longer.

    Raises:
        ConfigurationError: ``unreadable-key``.
    """
    ends = {key.kid: key.not_after for key in known.card.keys if key.kid in absent}
    for key in card.keys:
        if key.kid in ends and key.not_after <= ends[key.kid]:
            continue
        if key.not_after > now and known.revoked(key.kid) is None and (key.use, key.kid) not in held:
            raise ConfigurationError(
                "unreadable-key", f"The {key.use} key {key.kid} that the card lists is not there."
            )


def _check_past(before: CardKey, after: CardKey, now: int) -> None:
    """Of what has passed of a key's window nothing may be taken back, the present second included."""
    if before.not_before <= now and after.not_before > before.not_before:
        raise InvalidDocumentError(
            "invalid-document", f"The {before.use} key {before.kid} would begin after it has signed."
        )
    if after.not_after < min(before.not_after, now + 1):
        raise InvalidDocumentError(
            "invalid-document",
            f"The {before.use} key {before.kid} would have ended at {at(after.not_after)}, and may have signed since. "
            "Propose a card that ends it later than the card will be published.",
        )
