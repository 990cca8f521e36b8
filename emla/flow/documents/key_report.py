"""key_report: our own keys at a glance: which is in force, what ends when, what is here, and who uses it. Reads only."""

from dataclasses import dataclass

from emla.flow.documents.key_life import KeyLife, destroy_at, life_of
from emla.flow.gateway import Gateway
from emla.formats.header import decode as decode_header
from emla.formats.header import decode_signed
from emla.model.documents import CardKey, KeyUse
from emla.ports.keys import PrivateKeys

_DAY = 86400
_WAITING_MAX = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnKey:
    """A key of ours. What only the card says is None for a private key that no card lists yet."""

    kid: str
    use: KeyUse
    life: KeyLife | None
    not_before: int | None = None
    not_after: int | None = None
    days_left: float | None = None
    revoked_since: int | None = None
    destroy_at: int | None = None
    """Sealing keys: when the private half is destroyed."""
    place: str | None
    """``file`` or ``token``; None where the private half is not here."""
    waiting_packages: int = 0
    """Sealing keys: accepted packages that are not opened yet."""
    peers: tuple[str, ...] = ()
    """Sealing keys: the peers whose newest package was sealed to it."""


def own_keys(gateway: Gateway, keys: PrivateKeys) -> list[OwnKey]:
    """Every key of the card in its order, then private keys that no card lists."""
    authority, held = gateway.identity.authority, {(each.use, each.kid): each for each in keys.held()}
    peers, waiting = _used_by(gateway), _waiting(gateway)
    found = []
    for key in authority.card.keys:
        here = held.pop((key.use, key.kid), None)
        found.append(_listed(gateway, key, here.place if here else None, waiting, peers))
    rest = sorted(held.values(), key=lambda each: (each.use.value, each.kid))
    return found + [OwnKey(kid=each.kid, use=each.use, life=None, place=each.place) for each in rest]


def _listed(
    gateway: Gateway, key: CardKey, place: str | None, waiting: dict[str, int], peers: dict[str, list[str]]
) -> OwnKey:
    authority, now = gateway.identity.authority, gateway.now()
    revocation, seal = authority.revoked(key.kid), key.use is KeyUse.SEAL
    return OwnKey(
        kid=key.kid,
        use=key.use,
        life=life_of(authority, key, now),
        not_before=key.not_before,
        not_after=key.not_after,
        days_left=round((key.not_after - now) / _DAY, 1),
        revoked_since=revocation.invalid_since if revocation else None,
        destroy_at=destroy_at(key) if seal else None,
        place=place,
        waiting_packages=waiting.get(key.kid, 0),
        peers=tuple(sorted(peers.get(key.kid, ()))),
    )


def _used_by(gateway: Gateway) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for sender, signed in gateway.store.read.newest_received():
        found.setdefault(decode_header(decode_signed(signed).payload).kid, []).append(sender)
    return found


def _waiting(gateway: Gateway) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in gateway.store.read.unopened(_WAITING_MAX):
        kid = gateway.subjects.of(row.pid, row.signed).header.kid
        found[kid] = found.get(kid, 0) + 1
    return found
