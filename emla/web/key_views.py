"""What the authority API shows about keys, changes and peers' standing: values -> JSON. No decisions."""

import base64

from emla.flow.documents.changes import Change
from emla.flow.documents.key_life import Ending, documents_ending
from emla.flow.documents.key_report import OwnKey
from emla.flow.gateway import Peer
from emla.flow.line.gate import freshness
from emla.model.documents import Authority, Officers
from emla.ports.documents import PingRow
from emla.web.views import Json, instant


def own_key(shown: OwnKey) -> Json:
    """A key of our card, or a private key that no card lists."""
    return {
        "kid": shown.kid,
        "use": shown.use.value,
        "life": shown.life.value if shown.life else None,
        "not_before": instant(shown.not_before),
        "not_after": instant(shown.not_after),
        "days_left": shown.days_left,
        "revoked_since": instant(shown.revoked_since),
        "destroy_at": instant(shown.destroy_at),
        "place": shown.place,
        "waiting_packages": shown.waiting_packages,
        "peers": list(shown.peers),
    }


def documents(authority: Authority, now: int) -> Json:
    """Where our own documents stand."""
    return {
        "authority": authority.id,
        "frozen": authority.frozen,
        "root": _document(authority.root.version, authority.root_sha256, authority.root.expires, now),
        "card": _document(authority.card.version, authority.card_sha256, authority.card.expires, now),
        "profile_version": authority.profile.version,
        "status_at": instant(authority.status.at) if authority.status else None,
        "status_expires": instant(authority.status.expires) if authority.status else None,
        "revocations": [
            {
                "kid": each.kid,
                "invalid_since": instant(each.invalid_since),
                "created": instant(each.created),
                "reason": each.reason,
                "root_version": each.root_version,
            }
            for each in authority.revocations
        ],
    }


def _document(version: int, sha256: bytes, expires: int, now: int) -> Json:
    return {
        "version": version,
        "sha256": sha256.hex(),
        "expires": instant(expires),
        "days_left": round((expires - now) / 86400, 1),
    }


def change(shown: Change, officers: Officers | None) -> Json:
    """A change, and what officers said about it."""
    names = {each.kid: each.name for each in officers.officers} if officers else {}
    return {
        "hash": shown.row.sha256.hex(),
        "type": shown.row.type.name.lower(),
        "state": shown.row.state.value,
        "proposed_at": instant(shown.row.proposed_at),
        "published_at": instant(shown.row.published_at),
        "document": base64.b64encode(shown.row.payload).decode("ascii"),
        "approvals": [
            {
                "act": each.act.value,
                "officer": each.officer,
                "name": names.get(each.officer),
                "at": instant(each.at),
            }
            for each in shown.approvals
        ],
    }


def officers(shown: Officers, payload: bytes) -> Json:
    """The key officers of today, and the bytes of their list: the next list names the hash of those."""
    return {
        "version": shown.version,
        "document": base64.b64encode(payload).decode("ascii"),
        "officers": [{"name": each.name, "kid": each.kid} for each in shown.officers],
    }


def standing(peer: Peer, ping: PingRow | None, now: int, proofs: tuple[int, int, int]) -> Json:
    """How a peer's documents and its gateway stand; and how often it was caught in a contradiction."""
    authority = peer.authority
    first: Ending = min(documents_ending(authority), key=lambda each: each.ends)
    return {
        "freshness": freshness(peer, now).value,
        "status_at": instant(authority.status.at) if authority.status else None,
        "status_age_seconds": max(0, now - max(authority.fresh_at, peer.row.pinned_at)),
        "frozen": authority.frozen,
        "held": peer.row.held,
        "revocations": len(authority.revocations),
        "profile_version": authority.profile.version,
        "next_expiry": {
            "what": first.what,
            "at": instant(first.ends),
            "days_left": round(first.days_left(now), 1),
        },
        "ping": None if ping is None else _ping(ping),
        "equivocations": proofs[0],
        "contradictions": proofs[1],
        "doubtful": proofs[2],
    }


def _ping(row: PingRow) -> Json:
    return {
        "at": instant(row.at),
        "latency_milliseconds": None if row.latency is None else round(row.latency * 1000, 1),
        "clock_difference_seconds": row.difference,
        "software": row.software,
        "card_version": row.card_version,
        "failed_at": instant(row.failed_at),
        "failed_code": row.failed_code,
    }
