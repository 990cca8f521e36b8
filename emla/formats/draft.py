"""A draft of a message: a JSON file in which every answer stands as it was given.

    {"draft": 1, "id": "8d41c0a97e52", "message": "{urn:emla:request:1}MLARequest", "authority": "jp.moj",
     "created": ..., "changed": ..., "answers": {"Purpose": "To prove ..."}}

Rules of this file:
- Strict, like every form of ours: a member that is not known is refused, so that no program drops what another one wrote.
- The instants are UNIX seconds.
"""

import json
from dataclasses import dataclass, field

import msgspec

from emla.model.errors import MalformedError

DRAFT_BYTES_MAX = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What was answered so far."""

    id: str
    message: str
    """Qualified name of the root element."""
    authority: str
    """Whose request it is; empty where no authority was in the data folder."""
    created: int
    changed: int
    answers: dict[str, str] = field(default_factory=dict)


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    draft: int
    id: str
    message: str
    authority: str
    created: int
    changed: int
    answers: dict[str, str]


def encode_draft(draft: Draft) -> bytes:
    """Encode a draft."""
    members = {
        "draft": 1,
        "id": draft.id,
        "message": draft.message,
        "authority": draft.authority,
        "created": draft.created,
        "changed": draft.changed,
        "answers": draft.answers,
    }
    return json.dumps(members, ensure_ascii=False, indent=1).encode() + b"\n"


def decode_draft(data: bytes) -> Draft:
    """Decode a draft.

    Raises:
        MalformedError: it is none.
    """
    try:
        file = msgspec.json.decode(data, type=_File)
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise MalformedError(f"That is no draft of a message: {error}.") from error
    if file.draft != 1:
        raise MalformedError(f"That draft has the form {file.draft}; this emla knows 1.")
    return Draft(
        id=file.id,
        message=file.message,
        authority=file.authority,
        created=file.created,
        changed=file.changed,
        answers=file.answers,
    )
