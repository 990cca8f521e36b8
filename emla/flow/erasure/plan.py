"""plan: what an order to erase would be about, and what stands against it. Asked before an order, shown to whoever decides.

Rules of this file:
- An order is about a whole case, or about the content of one package that came in, whose act stays.
- What is under way is not erased: its leg would end without proof.
- Drafts of the case whose content is here go with it.
"""

import asyncio
import hashlib
from dataclasses import dataclass

from emla.cases.holdings import holdings
from emla.flow.dockets import Dockets, Held
from emla.flow.gateway import Gateway
from emla.formats.at_rest import open_record
from emla.formats.manifest import decode as decode_manifest
from emla.model.errors import NotFoundError
from emla.model.leg import WAITING, InboxState, LegKind
from emla.ports.listings import Listings

_LABEL = b"emla/1 erasure\0"
_QUIET_STATES = frozenset({InboxState.CONSIGNED, InboxState.HANDED, InboxState.CLOSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What an order would erase, and what stands against it."""

    case_id: bytes
    pid: bytes | None = None
    """The package whose content alone would go; None: everything."""
    packages: tuple[bytes, ...]
    """Their ids."""
    received: int
    """How many of them came from peers."""
    also: tuple[bytes, ...] = ()
    """Those that brought no act."""
    drafts: tuple[bytes, ...] = ()
    """Drafts that would go, in ascending order of their ids."""
    closed: bool
    obstacles: tuple[str, ...]
    """Each a sentence."""
    recalled: bool = False
    """Whether it is about the content of a message of which the owner called something back."""

    @property
    def hash(self) -> bytes:
        """By which people speak of exactly this (32 bytes)."""
        digest = hashlib.sha256(_LABEL + self.case_id + bytes((self.pid is not None,)))
        for each in (*sorted(self.packages), b"", *self.drafts):
            digest.update(bytes((len(each),)) + each)
        return digest.digest()


async def make_plan(
    gateway: Gateway, listings: Listings, dockets: Dockets, case_id: bytes, pid: bytes | None
) -> Plan:
    """Say what an order would erase.

    Raises:
        NotFoundError: ``not-found``: nothing is here of it, or nothing any more.
    """
    if pid is not None:
        return await _of_content(gateway, dockets, case_id, pid)
    held, read = await dockets.of(case_id), gateway.store.read
    found = read.packages_of_case(case_id)
    also, drafts = await _also(gateway, listings, case_id), read.drafts_of_case(case_id)
    if not found and not also and not drafts:
        raise NotFoundError("not-found", "Nothing that could be erased is here of this case.")
    every = [*(each.pid for each in found), *also]
    return Plan(
        case_id=case_id,
        packages=tuple(every),
        received=sum(each.incoming for each in found) + sum(read.received(each) is not None for each in also),
        also=tuple(also),
        drafts=tuple(drafts),
        closed=is_closed(held),
        obstacles=_obstacles(gateway, case_id, every),
    )


async def _of_content(gateway: Gateway, dockets: Dockets, case_id: bytes, pid: bytes) -> Plan:
    read = gateway.store.read
    if read.received(pid) is None or read.case_of(pid) != case_id:
        raise NotFoundError("not-found", "No package that came in for this case has this id.")
    if read.erasure_of(pid) is not None:
        raise NotFoundError("not-found", "Its content is erased already.")
    held = await dockets.of(case_id)
    brought = [
        each for each in holdings(held.docket) if (row := held.package_of(each.act)) and row.pid == pid
    ]
    return Plan(
        case_id=case_id,
        pid=pid,
        packages=(pid,),
        received=1,
        closed=is_closed(held),
        recalled=any(thing.recall is not None for each in brought for thing in each.things),
        obstacles=_obstacles(gateway, case_id, [pid]),
    )


async def _also(gateway: Gateway, listings: Listings, case_id: bytes) -> list[bytes]:
    """Packages whose manifest names the case, and which brought no act of it: opened raw, or older than cases."""
    key = gateway.identity.content_key
    found = await listings.without_act()

    def those_of_the_case() -> list[bytes]:
        return [
            pid
            for pid, sealed in found
            if (record := open_record(sealed, content_key=key, pid=pid)) is not None
            and decode_manifest(record.manifest).conversation == case_id
        ]

    return await asyncio.to_thread(those_of_the_case)


def _obstacles(gateway: Gateway, case_id: bytes, pids: list[bytes]) -> tuple[str, ...]:
    hold = gateway.store.read.legal_hold(case_id)
    held = [f"It is on legal hold: {hold.reason}"] if hold else []
    return (*held, *(words for pid in pids if (words := _obstacle(gateway, pid))))


def _obstacle(gateway: Gateway, pid: bytes) -> str | None:
    """Why a package cannot be erased now, as a sentence."""
    read = gateway.store.read
    leg = read.leg_of(LegKind.PACKAGE, pid)
    if leg is not None and leg.state in WAITING:
        return f"The package {pid.hex()[:8]} is still on its way."
    row = read.received(pid)
    if row is not None and row.state not in _QUIET_STATES:
        return f"The package {pid.hex()[:8]} is {row.state.value}."
    return None


def is_closed(held: Held) -> bool:
    """Whether everything that was begun in a case is closed."""
    own = held.docket.of_case(held.case_id)
    return bool(own) and all(each.closed for each in own)
