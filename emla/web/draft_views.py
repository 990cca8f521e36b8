"""What the authority API shows of drafts, and of messages that went without a second person: values -> JSON. No decisions."""

from collections.abc import Callable

from emla.formats.manifest import display_name
from emla.model.draft import DraftContent
from emla.model.person import Person
from emla.ports.drafts import AloneRow, DraftRow
from emla.web.views import Json, finding, instant

FindPerson = Callable[[str], Person | None]


def line(row: DraftRow, content: DraftContent | None, who: FindPerson, pid: bytes | None) -> Json:
    """A draft in a list; of one that is over only what is left."""
    return {
        "id": row.id.hex(),
        "state": row.state.value,
        "message": content.message_type if content else None,
        "message_id": row.message_id.hex(),
        "case_id": row.case_id.hex(),
        "recipient": content.recipient if content else None,
        "urgency": content.urgency if content else None,
        "drafter": _name(row.drafter, who),
        "at": instant(row.at),
        "lapses_at": instant(row.expires),
        "decided_at": instant(row.decided_at),
        "decided_by": _name(row.decided_by, who) if row.decided_by else None,
        "pid": pid.hex() if pid else None,
    }


def draft(
    row: DraftRow,
    content: DraftContent | None,
    who: FindPerson,
    pid: bytes | None,
    *,
    digest: bytes | None,
    moved: bool | None,
) -> Json:
    """A draft whole."""
    body = line(row, content, who, pid)
    body["hash"] = digest.hex() if digest else None
    body["case_moved"] = moved
    if content is None:
        return {**body, "parts": [], "findings": [], "overrides": []}
    return body | {
        "officer": {"name": content.officer.name, "post": content.officer.post},
        "prio": content.priority.value if content.priority else None,
        "expires_in_days": content.expires_in_days,
        "overrides": [{"rule": each.rule, "reason": each.reason} for each in content.overrides],
        "returned_because": content.returned_because or None,
        "parts": [
            {
                "n": number,
                "role": part.role.value,
                "media": part.media,
                "name": display_name(part.name),
                "size": part.size,
                "sha256": part.sha256.hex(),
            }
            for number, part in enumerate(content.parts)
        ],
        "findings": [finding(each) for each in content.findings],
    }


def alone(row: AloneRow, who: FindPerson, pid: bytes | None) -> Json:
    """A message that went without a second person."""
    return {
        "message_id": row.message_id.hex(),
        "pid": pid.hex() if pid else None,
        "person": _name(row.person, who),
        "at": instant(row.at),
        "urgency": row.urgency,
        "reason": row.reason,
        "reviewed_at": instant(row.reviewed_at),
        "reviewed_by": _name(row.reviewed_by, who) if row.reviewed_by else None,
        "agrees": row.agrees,
        "words": row.words,
        "erased": row.erased,
    }


def _name(id_: str, who: FindPerson) -> Json:
    person = who(id_)
    return {"id": id_, "name": person.name if person else None}
