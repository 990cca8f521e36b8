"""Calls about erasure and legal holds."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from emla.model.erasure import REASON_CHARACTERS_MAX, ErasureReason, ErasureState
from emla.web.contract.call import Asked, Call, Count, Digits32, Digits64, Instant, Parameter, Shape

Reason = Annotated[str, Meta(min_length=1, max_length=REASON_CHARACTERS_MAX, pattern="^[ -~]*[!-~][ -~]*$")]


class Hold(Shape, frozen=True, kw_only=True):
    """A legal hold."""

    at: Instant
    by: str
    reason: str


class Order(Shape, frozen=True, kw_only=True):
    """An order to erase what was here of a case; `package`: the content of one package alone."""

    state: ErasureState
    why: ErasureReason
    by: str
    approved_by: str
    reason: str
    ordered_at: Instant
    erased_at: Instant | None
    packages: Count
    package: Digits64 | None


class Waiting(Shape, frozen=True, kw_only=True):
    """An order that waits for a second person; `hash` is of exactly what would go."""

    hash: Digits64
    by: str
    reason: str
    although_open: bool
    at: Instant
    lapses_at: Instant
    package: Digits64 | None


class Erasure(Shape, frozen=True, kw_only=True):
    """What was erased of a case, what is left, what waits, and what stands against erasing it; `hash` is of what would go now."""

    case_id: Digits32
    sent: Count
    received: Count
    drafts: Count
    closed: bool | None
    obstacles: list[str]
    hash: Digits64 | None
    hold: Hold | None
    waiting: list[Waiting]
    orders: list[Order]


class OrderWanted(Asked, frozen=True, kw_only=True):
    """Why everything that is here of a case is to be erased; with `package` the content of one that came in, and nothing else."""

    reason: Reason
    although_open: bool | UnsetType = UNSET
    """Also a case that is not closed."""
    package: Digits64 | UnsetType = UNSET


class Decision(Asked, frozen=True, kw_only=True):
    """What was looked at."""

    hash: Digits64


class HoldWanted(Asked, frozen=True, kw_only=True):
    """Why a case is held."""

    reason: Reason


CALLS = (
    Call(
        method="GET",
        path="/v1/cases/{case_id}/erasure",
        words="What was erased of a case, what is left, what waits, and what stands against erasing it.",
        query=(Parameter("package", Digits64, "What is left of the content of this package alone."),),
        answer=Erasure,
        writes=True,
    ),
    Call(
        method="POST",
        path="/v1/cases/{case_id}/erasure",
        words="Orders that everything which is here of a case is erased. 201: it is given for good. 202: it waits for approval.",
        takes=OrderWanted,
        answer=Erasure,
        status=(201, 202),
        codes=("legal-hold", "not-erasable", "case-changed", "order-waits"),
    ),
    Call(
        method="POST",
        path="/v1/cases/{case_id}/erasure/approve",
        words="Gives an order that waits, as the second person: exactly what was looked at. It cannot be taken back.",
        takes=Decision,
        answer=Erasure,
        codes=("legal-hold", "not-erasable", "case-changed", "own-order", "own-draft", "order-decided"),
    ),
    Call(
        method="POST",
        path="/v1/cases/{case_id}/erasure/cancel",
        words="Takes an order back that waits: by who ordered it, or as the second person.",
        takes=Decision,
        answer=Erasure,
        codes=("order-decided",),
    ),
    Call(
        method="PUT",
        path="/v1/cases/{case_id}/hold",
        words="Puts a case on legal hold: nothing of it is erased. A hold that is there stands.",
        takes=HoldWanted,
        answer=Erasure,
    ),
    Call(
        method="DELETE",
        path="/v1/cases/{case_id}/hold",
        words="Lifts the hold of a case.",
        answer=Erasure,
    ),
)
