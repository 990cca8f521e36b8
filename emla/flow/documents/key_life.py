"""key_life: how far a key, card or root is in its life, and what is about to end. Pure; who is told is `upkeep`'s."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from emla.model.documents import Authority, CardKey, KeyUse
from emla.model.limits import WIRE

_DAY = 86400
WARNING_DAYS = (60, 30, 7, 1, 0)
"""So many days before its end a thing is warned about, once each; at 0 it has ended."""


class KeyLife(StrEnum):
    """Where a key of a card stands."""

    ANNOUNCED = "announced"
    """Its window has not begun: peers learn of it in time."""
    ACTIVE = "active"
    """The newest valid one of its use: it signs, or is sealed to."""
    VERIFY_ONLY = "verify-only"
    """An older one, or ended: what it signed stays verifiable, what was sealed to it may still arrive."""
    REVOKED = "revoked"


def life_of(authority: Authority, key: CardKey, now: int) -> KeyLife:
    """Where a key stands at an instant."""
    if authority.revoked(key.kid):
        return KeyLife.REVOKED
    if now < key.not_before:
        return KeyLife.ANNOUNCED
    newest = authority.newest(key.use, now)
    return KeyLife.ACTIVE if newest and newest.kid == key.kid else KeyLife.VERIFY_ONLY


def destroy_at(key: CardKey) -> int:
    """When no package can arrive for a sealing key any more, and its private half is destroyed."""
    return key.not_after + WIRE.expiry_seconds_max


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """Something that ends: whose, what (``root``, ``card``, ``sign``, ``ledger``, ``seal``), which one, and when."""

    authority: str
    what: str
    name: str
    """The version, or the key id."""
    ends: int

    def days_left(self, now: float) -> float:
        """Days until it ends; below 0 it has."""
        return (self.ends - now) / _DAY

    def warning(self, now: int) -> int | None:
        """The least of the days at which a warning is due; None while there is time."""
        left = self.days_left(now)
        return min((days for days in WARNING_DAYS if left <= days), default=None)


def documents_ending(authority: Authority) -> Iterator[Ending]:
    """Root and card of an authority."""
    yield Ending(
        authority=authority.id, what="root", name=str(authority.root.version), ends=authority.root.expires
    )
    yield Ending(
        authority=authority.id, what="card", name=str(authority.card.version), ends=authority.card.expires
    )


def keys_ending(authority: Authority) -> Iterator[Ending]:
    """For each use, the key whose end nothing covers: of those not revoked, the one that ends last."""
    for use in KeyUse:
        living = [key for key in authority.keys(use) if not authority.revoked(key.kid)]
        last = max(living, key=lambda key: (key.not_after, key.kid), default=None)
        if last:
            yield Ending(authority=authority.id, what=use.value, name=last.kid, ends=last.not_after)
