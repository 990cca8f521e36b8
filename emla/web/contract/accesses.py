"""Calls about who read, elsewhere, what was sent."""

from emla.model.access import AccessKind
from emla.web.contract.call import (
    AuthorityId,
    Base64,
    Call,
    Count,
    Digits32,
    Digits64,
    Flag,
    Instant,
    Parameter,
    Shape,
)


class Access(Shape, frozen=True, kw_only=True):
    """One access, as the holder's ledger has it. `package` is null where the case was looked at."""

    what: AccessKind
    at: Instant
    package: Digits64 | None
    part: Count | None
    role: str | None
    person: str | None
    to: AuthorityId | None
    epoch: Count
    leaf: Count
    digest: Digits64


class Report(Shape, frozen=True, kw_only=True):
    """A signed report, and the leaves of the holder's ledger about which it says everything: from `first` to before `end`."""

    received_at: Instant
    made_at: Instant
    epoch: Count
    first: Count
    end: Count
    signed: Base64 | None


class Holder(Shape, frozen=True, kw_only=True):
    """What one holder has said. `code`: why it said nothing new, where it was asked and did not."""

    holder: AuthorityId
    code: str | None
    detail: str
    accesses: list[Access]
    reports: list[Report]


class Accesses(Shape, frozen=True, kw_only=True):
    """Who read what was sent in a case, by holder."""

    case_id: Digits32
    holders: list[Holder]


CALLS = (
    Call(
        method="GET",
        path="/v1/cases/{case_id}/accesses",
        words="What holders have said so far of who read what was sent in a case. Nobody is asked.",
        answer=Accesses,
        writes=True,
        query=(Parameter("signed", Flag, "1: each report as the holder signed it, too."),),
    ),
    Call(
        method="POST",
        path="/v1/cases/{case_id}/accesses",
        words="Asks each holder of what was sent in a case who read it, keeps what it says, and answers all that is known then.",
        answer=Accesses,
    ),
)
