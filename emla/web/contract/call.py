"""What is said of one call of the authority API: what it takes, what it answers, how it may fail. Values; no web, no I/O.

Rules of this folder:
- One row for each call, in the file of its subject. Whom a call is for stands in `web.rights` alone; method and path
  join the two.
- What is answered is described by a `Shape`. The document that the server publishes is made of these types, and in tests every
  answer of a server is read with them: what a handler answers and its shape does not know fails the test that asked.
- A row lists the codes that its call may answer beyond those that every call of its kind may (`common_codes`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Generic, TypeVar

import msgspec
from msgspec import Meta

from emla.model.codes import CODES

Item = TypeVar("Item")


class Shape(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """The members of a JSON object. In the published document answers may have others as well."""


class Asked(Shape, frozen=True, kw_only=True):
    """The members of a JSON object that a caller sends. Others are refused."""


class Items(Shape, Generic[Item], frozen=True, kw_only=True):
    """A list."""

    items: list[Item]


@dataclass(frozen=True, slots=True)
class Octets:
    """A body of another type than JSON; `front` is the JSON object that stands in it, where there is one."""

    media: str
    words: str = ""
    front: object = None


@dataclass(frozen=True, slots=True)
class Parameter:
    """Something in the query, or in a header, of a call."""

    name: str
    type: object
    words: str
    required: bool = False
    where: str = "query"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call.

    Args:
        answer: a `Shape`, `Octets`, or None where nothing is answered.
        status: of answers that are no problem.
        takes: the body: a `Shape`, `Octets`, or None.
        places: types of the places in the path that mean something else here than in `PLACES`.
        codes: what may go wrong beside `common_codes`.
        writes: whether something is written before the answer; None: what the method says.
        headers: of the answer, and what is in them.
        stream: the media type of an answer without end, for who accepts that.
        keyed: False where a key would mean nothing, of a call that changes something.
        conditional: whether If-Match makes it a call for a case as it was seen: 412 ``case-changed``.
    """

    method: str
    path: str
    words: str
    answer: object = None
    status: tuple[int, ...] = (200,)
    query: tuple[Parameter, ...] = ()
    takes: object = None
    places: Mapping[str, object] = field(default_factory=dict)
    codes: tuple[str, ...] = ()
    writes: bool | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    stream: str = ""
    keyed: bool = True
    conditional: bool = False

    @property
    def takes_key(self) -> bool:
        """Whether it may bear an Idempotency-Key."""
        return self.keyed and self.method != "GET"

    def all_codes(self, *, is_open: bool) -> tuple[str, ...]:
        """Every code it may answer; `is_open`: nobody is asked for a token."""
        writes = self.method != "GET" if self.writes is None else self.writes
        return tuple(
            dict.fromkeys(
                (
                    *_ALWAYS,
                    *(() if is_open else _WHO_CALLS),
                    *(("not-found",) if "{" in self.path else ()),
                    *(("too-large",) if self.takes is not None else ()),
                    *(_WRITES if writes else ()),
                    *(_KEYS if self.takes_key else ()),
                    *self.codes,
                )
            )
        )


_ALWAYS = ("bad-request", "unsupported-encoding", "internal", "stopping", "store-failed")
_KEYS = ("idempotency-key-reused", "idempotency-key-in-use")
_WHO_CALLS = ("not-authenticated", "not-allowed")
_WRITES = (
    *("disk-full", "ledger-broken", "ledger-behind", "ledger-restored"),
    *("key-locked", "unreadable-key", "token-unavailable"),
)
"""What is written stands in the ledger, and that is signed."""

# --- words that many shapes share ---

Digits32 = Annotated[str, Meta(pattern="^[0-9a-f]{32}$")]
"""A message id, a case id, a key id, an etag."""
Digits64 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$", description="A package id or a hash.")]
Instant = Annotated[
    str,
    Meta(
        pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$",
        extra_json_schema={"format": "date-time"},
    ),
]
Day = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", extra_json_schema={"format": "date"})]
Base64 = Annotated[str, Meta(extra_json_schema={"contentEncoding": "base64"})]
Count = Annotated[int, Meta(ge=0)]
AuthorityId = Annotated[str, Meta(min_length=1, max_length=160, examples=["nl.moj"])]
Flag = Annotated[str, Meta(pattern="^[01]$")]
"""Of a query: 1 is yes; all else is no."""

LIMIT = Parameter(
    "limit", Annotated[int, Meta(ge=0, lt=10**15)], "How many at most: 100 unless told, never over 1,000."
)
WAIT = Parameter("wait", Annotated[int, Meta(ge=0, lt=10**15)], "Seconds to wait for it, 60 at most.")

KEY_HEADER = "Idempotency-Key"
REPLAYED_HEADER = "Idempotency-Replayed"
KEY = Parameter(
    KEY_HEADER,
    Annotated[str, Meta(pattern=r"^[!#-\[\]-~]{16,128}$")],
    "A text that nobody guesses, such as a UUID: the same call with the same key is done once, and answered alike for a day.",
    where="header",
)

_TAG = Annotated[str, Meta(pattern=r'^"[0-9a-f]{32}(\.[0-9a-f]{32})?"$')]
IF_MATCH = Parameter(
    "If-Match",
    _TAG,
    "The ETag of the case that the caller looked at: nothing is done where another act is there by now.",
    where="header",
)
IF_NONE_MATCH = Parameter("If-None-Match", _TAG, "The ETag of what the caller has.", where="header")

PLACES: Mapping[str, tuple[object, str]] = {
    "pid": (str, "A package id, a beginning of it that is unique (8 digits or more), or a message id."),
    "case_id": (str, "A case id, or a beginning of it that is unique (8 digits or more)."),
    "authority": (AuthorityId, "An authority's id."),
    "name": (str, "A person's name or id."),
    "id": (str, "An id."),
    "message_id": (str, "A message id: 32 digits."),
    "hash": (str, "A document hash: 64 digits."),
    "number": (Annotated[int, Meta(ge=0, lt=10**15)], "The number of a part, from 0."),
}
"""The places in paths."""


class Finding(Shape, frozen=True, kw_only=True):
    """Something that a check found in a message."""

    rule: str
    severity: str
    message: str
    line: int | None
    path: str
    source: str
    remedy: str
    override: str


class Problem(Shape, frozen=True, kw_only=True):
    """RFC 9457: why a call failed, what to do, and who must act. `code` is one of the catalogue of codes."""

    code: str
    status: int
    correlation_id: str
    title: str
    detail: str
    remedy: str
    who: str
    findings: list[Finding]


def statuses(codes: tuple[str, ...]) -> dict[int, list[str]]:
    """Codes by the status with which they are answered."""
    found: dict[int, list[str]] = {}
    for code in codes:
        found.setdefault(CODES[code].http, []).append(code)
    return dict(sorted(found.items()))
