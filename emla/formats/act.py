"""Acts as officers sign them: documents of the authority's own, which never leave it (docs/reference/approvals.md)."""

from emla.formats import patterns, strict_json
from emla.formats.documents import VERSION, begin
from emla.formats.strict_json import Json, check_line, encode_octets
from emla.model.act import FACTS, REASON, Act, ActKind, Facts
from emla.model.errors import MalformedError

NONCE_BYTES = 16
FACTS_MAX = 32
FACT_CHARACTERS_MAX = 500
"""A fact is shown whole to whoever signs it."""


def encode_act(act: Act) -> bytes:
    """Encode an act's payload bytes."""
    facts: dict[str, Json] = dict(act.facts)
    return strict_json.encode(
        {
            "v": VERSION,
            "id": act.authority,
            "kind": act.kind.value,
            "facts": facts,
            "at": act.at,
            "nonce": encode_octets(act.nonce),
        }
    )


def decode_act(payload: bytes) -> Act:
    """Decode an act's payload bytes.

    Raises:
        MalformedError: not an act, of an unknown kind, or without a fact that its kind asks for.
    """
    members = begin(payload, "act")
    try:
        kind = ActKind(members.text("kind"))
    except ValueError as error:
        raise MalformedError("act of an unknown kind.") from error
    act = Act(
        authority=members.text("id", patterns.AUTHORITY, 160),
        kind=kind,
        facts=_facts(members.mapping("facts")),
        at=members.instant("at"),
        nonce=members.octets("nonce", NONCE_BYTES),
    )
    members.extensions()
    members.finish()
    lacking = [name for name in FACTS[kind] if name not in act.facts]
    if lacking or not str(act.facts[REASON]).strip():
        raise MalformedError(f"act '{kind}' lacks {', '.join(lacking) or REASON}.")
    return act


def _facts(members: dict[str, Json]) -> Facts:
    if len(members) > FACTS_MAX:
        raise MalformedError("act has too many facts.")
    facts: dict[str, str | int] = {}
    for name, value in members.items():
        if not isinstance(value, str | int) or isinstance(value, bool):
            raise MalformedError("act has a fact that is neither text nor number.")
        # Names and texts are shown to whoever signs: they must not write anything else on that screen.
        for text in (name, value) if isinstance(value, str) else (name,):
            check_line("act.facts", text, FACT_CHARACTERS_MAX)
        facts[name] = value
    return facts
