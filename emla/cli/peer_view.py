"""How a peer stands, as a person reads it: one row of the list, and all of it."""

from rich.text import Text

from emla.cli.endings import age, colour
from emla.cli.wording import instant
from emla.client.answers import Peer
from emla.client.key_answers import LastPing, PeerStanding

COLUMNS = ("Authority", "Stands", "Silent", "Ends", "Pinged", "Clock", "Took", "Waiting")
WIDE_COLUMNS = (*COLUMNS, "Software")
FOLDED = ("Stands", "Pinged", "Software")
_STYLES = {"fresh": "green", "late": "yellow", "stale": "bold red"}
_CLOCK_SECONDS = 150
"""Half of what two clocks may differ: time to set one."""


def peer_row(peer: Peer, now: float) -> list[str | Text]:
    """One row of the list."""
    standing = peer.standing
    if standing is None:
        days = int((peer.card_expires.timestamp() - now) // 86400)
        return [peer.authority, "-", "-", f"card {days} d", "-", "-", "-", str(peer.waiting_legs), "-"]
    return [
        peer.authority,
        _stands(standing),
        age(standing.status_age_seconds),
        _ends(standing),
        *(_ping(standing.ping, now) if peer.has_endpoint else [f"through {_hubs(peer)}", "-", "-"]),
        str(peer.waiting_legs),
        standing.ping.software or "-" if standing.ping else "-",
    ]


def _hubs(peer: Peer) -> str:
    return ", ".join(peer.through) or "nobody"


def _stands(standing: PeerStanding) -> Text:
    if standing.frozen:
        return Text("FROZEN", style="bold red")
    if standing.held:
        return Text(f"HELD {standing.held}", style="bold red")
    return Text(standing.freshness, style=_STYLES.get(standing.freshness, ""))


def _ends(standing: PeerStanding) -> Text:
    days = standing.next_expiry_days
    words = f"{int(days)} d" if days > 0 else "ENDED"
    return Text(f"{standing.next_expiry} {words}", style=colour(days))


def _ping(ping: LastPing | None, now: float) -> list[str | Text]:
    """When, clock, how long it took."""
    if ping is None:
        return ["never", "-", "-"]
    difference = ping.clock_difference_seconds
    far = difference is not None and abs(difference) > _CLOCK_SECONDS
    return [
        _last_ping(ping, now),
        Text("-" if difference is None else f"{difference:+.1f} s", style="red" if far else ""),
        "-" if ping.latency_milliseconds is None else f"{ping.latency_milliseconds:.0f} ms",
    ]


def _last_ping(ping: LastPing, now: float) -> Text:
    """The newest word on the line: an answer, or a failure after it."""
    if ping.failed_at and (ping.at is None or ping.failed_at > ping.at):
        return Text(f"FAILED {age(now - ping.failed_at.timestamp())} ago", style="red")
    return Text(f"{age(now - ping.at.timestamp())} ago" if ping.at else "never")


def _reached(peer: Peer) -> str:
    if not peer.has_endpoint:
        return f"through {_hubs(peer)}; it has no endpoint, and nobody can ping it"
    return f"directly, else through {_hubs(peer)}" if peer.through else "directly"


def peer_facts(peer: Peer, now: float) -> list[tuple[str, str]]:
    """What there is to say beside its documents."""
    rows = [
        ("Pinned", instant(peer.pinned_at)),
        ("Reached", _reached(peer)),
        ("Last contact", instant(peer.last_contact)),
        ("Waiting", f"{peer.waiting_legs} (next attempt {instant(peer.next_attempt)})"),
    ]
    standing = peer.standing
    if standing is None:
        return rows
    rows += [
        ("Stands", _stands(standing).plain),
        ("Last status", f"{instant(standing.status_at)}, {age(standing.status_age_seconds)} ago"),
        ("Ends first", _ends(standing).plain),
        ("Revocations", str(standing.revocations)),
    ]
    rows += [
        (name, f"{count}, kept as proof")
        for name, count in (
            ("Equivocations", standing.equivocations),
            ("Contradictions", standing.contradictions),
            ("Doubtful acknowledgements", standing.doubtful),
        )
        if count
    ]
    ping = standing.ping
    if ping is None:
        return [*rows, ("Last ping", "never")]
    when, clock, took = _ping(ping, now)
    rows += [
        ("Last ping", f"{when}; took {took}, their clock {clock} against ours"),
        ("Software", ping.software or "-"),
    ]
    if ping.failed_at:
        rows.append(("Last failure", f"{instant(ping.failed_at)} ({ping.failed_code})"))
    return rows
