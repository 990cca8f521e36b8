"""order: a plan -> an order to erase, durable, with the event that says who wanted it (E1 of `erase`)."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from emla.flow.erasure.plan import Plan
from emla.flow.events import DRAFT_LAPSED, ERASURE_ORDERED, event
from emla.flow.gateway import Gateway
from emla.model.erasure import ErasureReason
from emla.model.errors import ConfigurationError
from emla.ports.erasure import NewErasure
from emla.ports.store import Transaction

logger = logging.getLogger("emla.erase")


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Who wants something erased, and why."""

    why: ErasureReason
    person: str
    """The id of who orders it; empty where the retention period does."""
    reason: str
    """In words."""
    although_open: bool = False
    """Also a case that is not closed."""
    approver: str = ""
    """The second person, by id, where one had to approve it."""
    besides: Callable[[Transaction], None] | None = None
    """What must hold or be done in the same batch."""


async def give(gateway: Gateway, plan: Plan, order: Order) -> None:
    """Order what a plan says; returns when the order is durable.

    Raises:
        ConfigurationError: ``legal-hold``; ``not-erasable``; ``case-changed``.
    """
    case_id, at = plan.case_id, gateway.now()
    require_possible(gateway, plan, although_open=order.although_open)
    facts: dict[str, str | int] = {
        "case": case_id.hex(),
        "why": order.why.value,
        "by": order.person,
        "reason": order.reason,
    }
    if order.approver:
        facts["approver"] = order.approver
    if plan.pid is not None:
        facts["pid"] = plan.pid.hex()
    told = event(gateway, ERASURE_ORDERED, facts)
    drafts_told = [event(gateway, DRAFT_LAPSED, _of_draft(gateway, each)) for each in plan.drafts]
    new = NewErasure(
        case_id=case_id,
        pid=plan.pid,
        why=order.why,
        person=order.person,
        approver=order.approver,
        reason=order.reason,
        at=at,
    )

    def operation(transaction: Transaction) -> int:
        if order.besides is not None:
            order.besides(transaction)
        if transaction.is_on_hold(case_id):
            raise ConfigurationError("legal-hold", "It was put on hold a moment ago.")
        told(transaction)
        number, count = transaction.order_erasure(new, plan.also)
        drafts = transaction.erase_drafts(case_id, number, order.person, at) if plan.pid is None else ()
        if count != len(plan.packages) or tuple(drafts) != plan.drafts:
            raise ConfigurationError("case-changed", "Something came or went in it a moment ago.")
        for tell in drafts_told:
            tell(transaction)
        return count

    # E1: before this commit nothing was ordered; after it the erasure is carried out whatever happens to us.
    count = await gateway.store.write(operation)
    logger.warning(
        "erasure ordered", extra={"what": case_id.hex()[:8], "reason": order.why.value, "count": count}
    )


def _of_draft(gateway: Gateway, draft: bytes) -> dict[str, str | int]:
    """What is said of a draft that goes; whose it was is told to him."""
    facts: dict[str, str | int] = {"draft": draft.hex()}
    if (row := gateway.store.read.draft(draft)) is not None:
        facts["drafter"] = row.drafter
    return facts


def require_possible(gateway: Gateway, plan: Plan, *, although_open: bool) -> None:
    """Refuse what stands against a plan.

    Raises:
        ConfigurationError: ``legal-hold``; ``not-erasable``.
    """
    obstacles = list(plan.obstacles)
    if gateway.store.read.legal_hold(plan.case_id):
        raise ConfigurationError("legal-hold", obstacles[0] if obstacles else "")
    if plan.pid is None and not plan.closed and not although_open:
        obstacles.append("The case is not closed.")
    if obstacles:
        raise ConfigurationError("not-erasable", " ".join(obstacles))
