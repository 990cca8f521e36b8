"""Calls about erasure and legal holds."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from emla.model.erasure import REASON_CHARACTERS_MAX, ErasureReason, ErasureState
from emla.web.contract.call import Asked, Call, Count, Digits32, Instant, Shape

Reason = Annotated[str, Meta(min_length=1, max_length=REASON_CHARACTERS_MAX, pattern="^[ -~]*[!-~][ -~]*$")]


class Hold(Shape, frozen=True, kw_only=True):
    """A legal hold."""

    at: Instant
    by: str
    reason: str


class Order(Shape, frozen=True, kw_only=True):
    """An order to erase what was here of a case."""

    state: ErasureState
    why: ErasureReason
    by: str
    reason: str
    ordered_at: Instant
    erased_at: Instant | None
    packages: Count


class Erasure(Shape, frozen=True, kw_only=True):
    """What was erased of a case, what is left, and what stands against erasing it."""

    case_id: Digits32
    sent: Count
    received: Count
    closed: bool | None
    obstacles: list[str]
    hold: Hold | None
    orders: list[Order]


class OrderWanted(Asked, frozen=True, kw_only=True):
    """Why everything that is here of a case is to be erased."""

    reason: Reason
    although_open: bool | UnsetType = UNSET
    """Also a case that is not closed."""


class HoldWanted(Asked, frozen=True, kw_only=True):
    """Why a case is held."""

    reason: Reason


CALLS = (
    Call(
        method="GET",
        path="/v1/cases/{case_id}/erasure",
        words="What was erased of a case, what is left, and what stands against erasing it.",
        answer=Erasure,
        writes=True,
    ),
    Call(
        method="POST",
        path="/v1/cases/{case_id}/erasure",
        words="Orders that everything which is here of a case is erased. It cannot be taken back.",
        takes=OrderWanted,
        answer=Erasure,
        status=(201,),
        codes=("legal-hold", "not-erasable", "case-changed"),
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
