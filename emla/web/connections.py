"""Connections: who holds which, and who makes room when there is none. No I/O and no clock: instants come in as arguments.

Rules of this file:
- A connection is a *stranger* until something signed by a pinned peer has come through it; then it is that peer's.
- Strangers are counted by address, peers' connections by peer and address: behind one address there may be several peers, and who
  plays a peer's signed objects back from elsewhere uses up nothing of the peer's.
- When there is no room, the stranger that has been here longest goes; after them, an idle connection of whoever holds most. So
  those who hold connections and show nothing never keep an honest newcomer out, however many they are.
- Among those of one address, a stranger of this second is let be: an honest gateway opens several at once.
"""

import ipaddress
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from emla.model.settings import LimitSettings
from emla.web.budget import Budget

KNOWN_SECONDS = 24 * 3600.0
"""How long an address from which a pinned peer has spoken is more than any other."""
_LEAST_SECONDS = 1.0
_NETWORK_BITS = 64
_ADDRESSES_MAX = 4096
_TOLD_MAX = 256
OTHERS = "others"
"""Stands for all addresses beyond those that the log can name."""


def address_group(address: str) -> str:
    """What counts as one address: IPv4 as it is, of IPv6 the network of /64 that one customer has to itself."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((int(parsed), _NETWORK_BITS), strict=False))
    return str(parsed)


def _nothing() -> None:
    """Nothing to end yet."""


def _busy() -> bool:
    return False


@dataclass(slots=True, eq=False)
class Place:
    """One connection."""

    address: str
    """As `address_group` says."""
    opened_at: float
    peer: str | None = None
    end: Callable[[], object] = _nothing
    """Ends the connection at once."""
    is_idle: Callable[[], bool] = _busy
    """Whether nothing is under way on it."""
    last: bool = False
    """Whether it is to be closed after the answer under way."""
    gone: bool = False

    def release(self) -> None:
        """Let go of the connection: it is over."""
        self.end, self.is_idle = _nothing, _busy


@dataclass(slots=True)
class Connections:
    """All connections of one listener."""

    limits: LimitSettings
    refused: Counter[str] = field(default_factory=Counter)
    """Connections that were not taken, by what was full, for metrics."""
    closed: Counter[str] = field(default_factory=Counter)
    """Connections that were closed on their callers, by reason, for metrics."""
    turned_away: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Both, and calls that were not served, by address and reason, since the log was last told."""
    _strangers: dict[Place, None] = field(default_factory=dict)
    _strangers_at: defaultdict[str, dict[Place, None]] = field(default_factory=lambda: defaultdict(dict))
    _peers: defaultdict[str, dict[Place, None]] = field(default_factory=lambda: defaultdict(dict))
    _peers_at: Counter[tuple[str, str]] = field(default_factory=Counter)
    _known: dict[str, float] = field(default_factory=dict)
    _knocks: Budget = field(init=False)

    def __post_init__(self) -> None:
        self._knocks = Budget(self.limits.connections_per_minute)

    @property
    def strangers(self) -> int:
        """How many connections belong to nobody yet."""
        return len(self._strangers)

    @property
    def of_peers(self) -> int:
        """How many connections belong to peers."""
        return sum(map(len, self._peers.values()))

    def admit(self, address: str, now: float) -> Place | None:
        """Give a newcomer a place; None when it is not to be taken."""
        group = address_group(address)
        if not self._knocks.spend(group, now):
            self._refuse(group, "rate")
            return None
        full_here = len(self._strangers_at.get(group, ())) >= self.limits.connections_per_address
        if full_here and not self._displace_stranger(self._strangers_at[group], now - _LEAST_SECONDS):
            self._refuse(group, "address")
            return None
        full = self.strangers + self.of_peers >= self.limits.connections
        if full and not (self._displace_stranger(self._strangers, now) or self._displace_of_most()):
            self._refuse(group, "total")
            return None
        place = Place(group, now)
        self._strangers[place] = None
        self._strangers_at[group][place] = None
        return place

    def mark(self, place: Place, peer: str, now: float) -> None:
        """Something signed by a pinned peer came through a connection."""
        self._known.pop(place.address, None)
        self._known[place.address] = now
        if len(self._known) > _ADDRESSES_MAX:
            del self._known[next(iter(self._known))]
        if place.peer is not None or place not in self._strangers:
            return
        self._forget_stranger(place)
        place.peer = peer
        self._peers[peer][place] = None
        self._peers_at[peer, place.address] += 1
        # It has its answer; what it says next it can say on another one of its connections.
        place.last = self._peers_at[peer, place.address] > self.limits.connections_per_peer

    def knows(self, address: str, now: float, seconds: float) -> bool:
        """Whether a pinned peer's signature came from an address within so many seconds."""
        at = self._known.get(address)
        return at is not None and now - at < seconds

    def leave(self, place: Place) -> None:
        """A connection is over; saying so twice does no harm."""
        place.gone = True
        if place in self._strangers:
            self._forget_stranger(place)
        elif place.peer is not None and place in self._peers[place.peer]:
            del self._peers[place.peer][place]
            key = (place.peer, place.address)
            self._peers_at[key] -= 1
            if not self._peers_at[key]:
                del self._peers_at[key]
            if not self._peers[place.peer]:
                del self._peers[place.peer]

    def close(self, place: Place, reason: str) -> None:
        """End a connection because of what its caller did or did not do."""
        self.closed[reason] += 1
        self.turn_away(place.address, reason)
        self.leave(place)
        place.end()

    def shut_out(self, place: Place, reason: str, now: float) -> None:
        """End a connection, and take none from its address for a minute; unless a peer may stand behind the same address."""
        if not self.knows(place.address, now, KNOWN_SECONDS):
            self._knocks.fine(place.address, now)
        self.close(place, reason)

    def turn_away(self, group: str, reason: str) -> None:
        """Note for the log that a caller was not served; of many addresses only some are named."""
        key = (group, reason)
        if key not in self.turned_away and len(self.turned_away) >= _TOLD_MAX:
            key = (OTHERS, reason)
        self.turned_away[key] += 1

    def _refuse(self, group: str, reason: str) -> None:
        self.refused[reason] += 1
        self.turn_away(group, reason)

    def _forget_stranger(self, place: Place) -> None:
        del self._strangers[place]
        here = self._strangers_at[place.address]
        del here[place]
        if not here:
            del self._strangers_at[place.address]

    def _displace_stranger(self, among: dict[Place, None], before: float) -> bool:
        oldest = next(iter(among), None)
        if oldest is None or oldest.opened_at > before:
            return False
        self.close(oldest, "displaced")
        return True

    def _displace_of_most(self) -> bool:
        most = max(self._peers.values(), key=len, default={})
        if len(most) <= self.limits.connections_per_peer:
            return False
        idle = next((each for each in most if each.is_idle()), None)
        if idle is None:
            return False
        self.close(idle, "displaced")
        return True
