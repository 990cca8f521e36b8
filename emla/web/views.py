"""What the authority API shows: values -> JSON. One function for each thing shown; no decisions."""

import base64
from datetime import UTC, datetime
from typing import Protocol

import msgspec
from aiohttp import web

from emla.flow.documents.key_life import life_of
from emla.flow.gateway import Peer
from emla.flow.line.hand_over import Content
from emla.formats.export import encode_export
from emla.formats.manifest import display_name
from emla.formats.requirements import encode_requirements
from emla.formats.working_days import encode_working_days
from emla.model.acknowledgement import PROVES
from emla.model.findings import Finding
from emla.model.leg import leg_state
from emla.ports.listings import Listed
from emla.ports.store import AcknowledgementRow, Reader

Json = dict[str, object]
_encoder = msgspec.json.Encoder()


class StatusSource(Protocol):
    """What the process knows about itself."""

    @property
    def ready(self) -> bool:
        """Whether packages are taken."""
        ...

    @property
    def ledger_size(self) -> int:
        """Leaves in the ledger."""
        ...

    @property
    def longest_wait_milliseconds(self) -> float:
        """The longest a write waited for its batch."""
        ...

    @property
    def commits(self) -> int:
        """Commits since the start."""
        ...

    @property
    def fsyncs(self) -> int:
        """Syncs to disk since the start."""
        ...

    @property
    def hubs(self) -> list[Json]:
        """The hubs of our own card: whether each is pinned here, and whether it answered last time."""
        ...

    @property
    def opener(self) -> list[Json]:
        """The measures that confine the opener, and whether each took effect."""
        ...

    @property
    def clerk(self) -> list[Json]:
        """The same of the clerk."""
        ...


def answer(body: Json, status: int = 200, *, tag: str = "") -> web.Response:
    """A JSON answer; `tag` is its ETag."""
    return web.Response(
        body=_encoder.encode(body),
        status=status,
        content_type="application/json",
        headers={"ETag": tag} if tag else None,
    )


def instant(seconds: float | None) -> str | None:
    """An instant as RFC 3339, in UTC and whole seconds."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def summary(listed: Listed, content: Content | None) -> Json:
    """A package in a list."""
    manifest = content.manifest if content else None
    return {
        "pid": listed.pid.hex(),
        "direction": "in" if listed.incoming else "out",
        "peer": listed.peer,
        "message": manifest.message if manifest else None,
        "message_id": listed.message_id.hex() if listed.message_id else None,
        "conversation": manifest.conversation.hex() if manifest else None,
        "state": listed.state,
        "late": listed.late,
        "urgent": listed.urgent,
        "created": instant(listed.created),
        "expires": instant(listed.expires),
        "size": listed.size,
        "code": listed.code,
    }


def message(listed: Listed, content: Content | None, read: Reader, own: Json | None) -> Json:
    """A package with everything that is known of it; `own` is its leg, where it is one of ours."""
    body = summary(listed, content)
    body["acknowledgements"] = [_acknowledgement(each) for each in read.acknowledgements(listed.pid)]
    body["leg"] = own
    body["trouble"] = _trouble(listed.pid, read)
    if content:
        manifest = content.manifest
        body["officer"] = {"name": manifest.officer.name, "post": manifest.officer.post}
        body["in_reply_to"] = manifest.in_reply_to.hex() if manifest.in_reply_to else None
        body["parts"] = [
            {
                "n": number,
                "role": part.role.value,
                "media": part.media,
                "name": display_name(part.name),
                "size": part.size,
                "sha256": part.sha256.hex(),
            }
            for number, part in enumerate(manifest.parts)
        ]
        body["findings"] = [finding(each) for each in content.record.findings]
    return body


def submitted(pid: bytes, read: Reader) -> Json:
    """What a submitter wants to know at once: the id, the state, the acknowledgements so far. The rest is a GET away."""
    acknowledgements = read.acknowledgements(pid)
    state = leg_state({each.event for each in acknowledgements})
    return {
        "pid": pid.hex(),
        "direction": "out",
        "state": state.value,
        "acknowledgements": [_acknowledgement(each) for each in acknowledgements],
    }


def finding(finding: Finding) -> Json:
    """What a check found."""
    return {
        "rule": finding.rule,
        "severity": finding.severity.value,
        "message": finding.message,
        "line": finding.line,
        "path": finding.path,
        "source": finding.source,
        "remedy": finding.remedy,
        "override": finding.override,
    }


def _acknowledgement(row: AcknowledgementRow) -> Json:
    return {
        "event": row.event.value,
        "at": instant(row.at),
        "by": row.by,
        "reason": row.reason,
        "proves": PROVES[row.event],
        "bundle": base64.b64encode(row.bundle).decode("ascii"),
    }


def _trouble(pid: bytes, read: Reader) -> list[Json]:
    """What contradicts a package or its acknowledgements: kept as proof, in the order of time."""
    found = [
        (each.at, {"what": "equivocation", "id": each.pid.hex(), "event": None, "code": "equivocation"})
        for each in read.equivocations(pid)
    ]
    found += [
        (
            each.at,
            {
                "what": "contradiction",
                "id": each.aid.hex(),
                "event": each.event.value,
                "code": "acknowledgement-mismatch",
            },
        )
        for each in read.contradictions(pid)
    ]
    found += [
        (each.at, {"what": "doubtful", "id": each.sha256.hex(), "event": None, "code": each.code})
        for each in read.doubtful(pid)
    ]
    return [{**what, "at": instant(at)} for at, what in sorted(found, key=lambda each: each[0])]


def peer(shown: Peer, waiting: tuple[int, float] | None) -> Json:
    """A peer in a list."""
    authority = shown.authority
    return {
        "authority": authority.id,
        "name": authority.profile.names[0][1] if authority.profile.names else authority.id,
        "country": authority.profile.country,
        "root_version": authority.root.version,
        "card_version": authority.card.version,
        "card_expires": instant(authority.card.expires),
        "pinned_at": instant(shown.row.pinned_at),
        "fingerprint": shown.row.fingerprint,
        "last_contact": instant(shown.last_contact),
        "endpoint": bool(authority.card.endpoints),
        "through": list(authority.card.hubs),
        "waiting_legs": waiting[0] if waiting else 0,
        "next_attempt": instant(waiting[1]) if waiting else None,
    }


def peer_in_full(shown: Peer, now: int) -> Json:
    """A peer's keys, endpoints and profile."""
    authority = shown.authority
    profile = authority.profile
    return {
        "keys": [
            {
                "kid": key.kid,
                "use": key.use.value,
                "life": life_of(authority, key, now).value,
                "not_before": instant(key.not_before),
                "not_after": instant(key.not_after),
            }
            for key in authority.card.keys
        ],
        "endpoints": [{"url": each.url} for each in authority.card.endpoints],
        "profile": {
            "names": dict(profile.names),
            "contacts": dict(profile.contacts),
            "languages": list(profile.languages),
            "electronic_acceptance": profile.electronic_acceptance,
            "time_zone": profile.time_zone,
            "office_hours": profile.office_hours,
            "requirements": encode_requirements(profile.requirements),
            "working_days": encode_working_days(profile.working_days),
        },
        "documents": base64.b64encode(encode_export(authority.documents)).decode("ascii"),
    }
