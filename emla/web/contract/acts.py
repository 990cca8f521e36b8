"""Calls in which an act is dictated."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, UnsetType, field

from emla.model.findings import OVERRIDES_MAX, REASON_CHARACTERS_MAX
from emla.model.limits import WIRE
from emla.web.contract.call import Asked, AuthorityId, Base64, Call, Digits32, Digits64, Finding, Shape
from emla.web.contract.cases import Move
from emla.web.contract.messages import CHECKED, Overriding

_FILES_MAX = 64
OPTION_OF_SIGNER: Mapping[str, str] = {"name": "signed-by", "post": "post", "place": "at"}


class ActSigner(Asked, frozen=True, kw_only=True):
    """Who signs."""

    name: str
    post: str = ""
    place: str = ""


class ActFile(Asked, frozen=True, kw_only=True):
    """A file that goes along: with its content, or its size and hash where it is too large for that. `belongs_to`: Q1, I2."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    media: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9!#$&^_.+-]{0,62}/[a-z0-9][a-z0-9!#$&^_.+-]{0,62}$")]
    content: Base64 | UnsetType = UNSET
    size: Annotated[int, Meta(ge=1, le=WIRE.payload_bytes)] | UnsetType = UNSET
    sha256: Digits64 | UnsetType = UNSET
    belongs_to: str = ""
    signature: bool = False


class ActWanted(Asked, frozen=True, kw_only=True):
    """An act, in the words of `emla case act`: `said` by option without its dashes, `answers` by place, flat or nested."""

    act: str
    said: dict[str, str | bool | list[str]] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)
    signer: ActSigner | UnsetType = UNSET
    files: Annotated[list[ActFile], Meta(max_length=_FILES_MAX)] = field(default_factory=list)
    custody: list[str] = field(default_factory=list)
    request: str = ""
    reply_to: str = ""
    overrides: Annotated[list[Overriding], Meta(max_length=OVERRIDES_MAX)] = field(default_factory=list)
    emergency: Annotated[str, Meta(min_length=1, max_length=REASON_CHARACTERS_MAX)] | UnsetType = UNSET


class Preview(Shape, frozen=True, kw_only=True):
    """An act as it would be sent now. Where it is not `sendable`, `findings` say why."""

    act: str
    sendable: bool
    message: str | None
    message_id: Digits32 | None
    recipient: AuthorityId | None
    document: str
    findings: list[Finding]
    moves: list[Move]
    etag: Digits32


class Performed(Shape, frozen=True, kw_only=True):
    """What became of an act: SENT with `pid`, or WAITING for another person as `draft`."""

    act: str
    state: Literal["SENT", "WAITING"]
    pid: Digits64 | None
    draft: Digits32 | None


CALLS = (
    Call(
        method="POST",
        path="/v1/cases/{case_id}/acts",
        words="Writes and sends an act of a case, or hands it in where another person must approve it.",
        takes=ActWanted,
        answer=Performed,
        status=(201,),
        conditional=True,
        codes=(*CHECKED, "no-emergency", "draft-decided", "payload-damaged"),
    ),
    Call(
        method="POST",
        path="/v1/cases/{case_id}/acts/preview",
        words="Writes an act and checks it as if it were sent now. Nothing is kept.",
        takes=ActWanted,
        answer=Preview,
        keyed=False,  # nothing is done that could be done twice
        conditional=True,
        codes=CHECKED,
    ),
)
