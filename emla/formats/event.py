"""Events: what a person or the gateway did, as strict JSON with a nonce (docs/spec/ledger.md 2.3).

The facts of an event could be guessed; the nonce forbids that anybody finds them from the leaf's hash. Facts are short texts
and numbers, never the content of a message and never a secret.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from emla.formats import strict_json
from emla.formats.strict_json import Json, Members, encode_octets
from emla.model.errors import MalformedError

VERSION = 1
NONCE_BYTES = 16
_EVENT_BYTES_MAX = 16 * 1024
Fact = str | int
Facts = Mapping[str, Fact]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedEvent:
    """An event as its leaf was made of it. `at` is UNIX seconds."""

    kind: str
    at: int
    nonce: bytes
    facts: Facts


def encode(event: RecordedEvent) -> bytes:
    """Encode an event."""
    if len(event.nonce) != NONCE_BYTES:
        raise ValueError("An event has a nonce of 16 bytes.")
    facts: dict[str, Json] = dict(event.facts)
    return strict_json.encode(
        {
            "v": VERSION,
            "kind": event.kind,
            "at": event.at,
            "nonce": encode_octets(event.nonce),
            "facts": facts,
        }
    )


def decode(data: bytes) -> RecordedEvent:
    """Decode a stored event.

    Raises:
        MalformedError: not an event.
    """
    members = Members(strict_json.decode(data, _EVENT_BYTES_MAX), "event")
    members.integer("v", VERSION, VERSION)
    facts: dict[str, Fact] = {}
    for name, value in members.mapping("facts").items():
        if not isinstance(value, str | int) or isinstance(value, bool):
            raise MalformedError("event has a fact that is neither text nor number.")
        facts[name] = value
    event = RecordedEvent(
        kind=members.text("kind"),
        at=members.instant("at"),
        nonce=members.octets("nonce", NONCE_BYTES),
        facts=facts,
    )
    members.finish()
    return event
