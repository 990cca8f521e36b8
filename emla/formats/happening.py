"""A happening as the JSON that case systems read: in a stream, in an answer, and in the body of a webhook's call."""

import json
from datetime import UTC, datetime

from emla.model.happening import Happening


def encode_happening(happening: Happening) -> dict[str, object]:
    """A happening as a JSON object."""
    return {
        "id": happening.place.text,
        "type": happening.type.value,
        "at": encode_instant(happening.at),
        "pid": happening.pid.hex() if happening.pid else None,
        "case": happening.case_id.hex() if happening.case_id else None,
        **happening.facts,
    }


def encode_instant(seconds: int) -> str:
    """An instant as RFC 3339, in UTC and whole seconds."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def compact(members: dict[str, object]) -> bytes:
    """JSON without white space, in ASCII."""
    return json.dumps(members, separators=(",", ":")).encode("ascii")
