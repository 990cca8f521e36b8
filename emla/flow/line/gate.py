"""gate: whether a package may start its way to a peer now. Nothing is lost by waiting: the leg stays READY and says why.

Only packages wait. Acknowledgements go out whatever we think of the peer: they tell it what we did, and give nothing away.
"""

from emla.flow.gateway import Gateway, Peer
from emla.model.leg import delivered_state
from emla.model.package import Header
from emla.steps.trust import Freshness, check_fresh

HELD_SECONDS = 3600.0
"""When a leg that waits looks again by itself; news about the peer wakes it at once."""
OF_PEER = ("stale-peer", "frozen", "peer-conflict")
"""Codes that keep back all packages for a peer alike: decided once for the peer (`relay`), and no leg looks again."""


def freshness(peer: Peer, now: int) -> Freshness:
    """How fresh a peer's documents are."""
    return check_fresh(peer.authority, peer.row.pinned_at, now)


def closed(peer: Peer, now: int) -> str | None:
    """The code for which no package may start for a peer; None when its channel is open."""
    if peer.row.held:
        return peer.row.held
    if peer.authority.frozen:
        return "frozen"
    return "stale-peer" if freshness(peer, now) is Freshness.STALE else None


def is_open(peer: Peer, now: int) -> bool:
    """Whether packages may start for a peer."""
    return closed(peer, now) is None


def reason_to_wait(gateway: Gateway, peer: Peer, pid: bytes, header: Header) -> str | None:
    """The code for which a package must wait; None when it may go."""
    code = closed(peer, gateway.now())
    if code is None and peer.authority.revoked(header.kid):
        # Whoever stole that key could read it. It gets another header as soon as there is another key (`flow.documents.reseal`).
        code = "unknown-kid"
    return None if code is None or _is_there_already(gateway, pid) else code


def _is_there_already(gateway: Gateway, pid: bytes) -> bool:
    """Whether the recipient has proved that it holds the package: then only its RelayAcceptance is asked for once more."""
    read = gateway.store.read
    events = {each.event for each in read.acknowledgements(pid)}
    return delivered_state(events) is not None or read.replacement(pid) is not None
