"""erasures: an order to erase waits for another person, who saw exactly what would go, and is given or taken back.

Order of writes: E7 one batch: the order waits, with its event. E8 one batch: E1 of what was approved; in it the order waits no
more. E9 one batch: it is taken back, with its event. A crash before one of them changed nothing.

Rules of this file:
- Whether a second person is asked for is what the setting of four eyes says (`flow.line.four_eyes`); there is no emergency in
  which something is erased by one alone.
- Who ordered does not approve. Who approves names the hash of what he looked at; if something came or went since, nothing goes.
- What ends with its time of retention is nobody's order and passes by here.
"""

import logging

from emla.flow.erasure.erase import Erase
from emla.flow.erasure.order import Order, require_possible
from emla.flow.erasure.plan import Plan
from emla.flow.events import ERASURE_CANCELLED, ERASURE_WANTED, event
from emla.flow.gateway import Gateway
from emla.flow.line.four_eyes import is_needed, require_approver
from emla.model.erasure import ErasureReason, WantedErasure
from emla.model.errors import ConfigurationError, InvalidMessageError
from emla.model.person import Caller, PersonRole, PersonState
from emla.ports.store import Transaction

logger = logging.getLogger("emla.erase")

_DAY_SECONDS = 86400


class OrderErasure:
    """What people do about orders to erase."""

    def __init__(self, gateway: Gateway, erase: Erase) -> None:
        self._gateway = gateway
        self._erase = erase

    async def plan(self, case_id: bytes, pid: bytes | None = None) -> Plan:
        """As `Erase.plan`."""
        return await self._erase.plan(case_id, pid)

    async def want(self, by: Caller, plan: Plan, reason: str, *, although_open: bool) -> bool:
        """Order what a plan says, or have the order wait for a second person.

        Returns:
            Whether it was given.

        Raises:
            ConfigurationError: ``legal-hold``; ``not-erasable``; ``case-changed``.
            InvalidMessageError: ``order-waits``.
        """
        if by.alone or not is_needed(self._gateway, self._gateway.store.read):
            order = Order(
                why=_why(plan),
                person=by.id,
                reason=reason,
                although_open=although_open,
                besides=None if by.alone else self._require_nobody,
            )
            await self._erase.order(plan, order)
            return True
        require_possible(self._gateway, plan, although_open=although_open)
        at = self._gateway.now()
        wanted = WantedErasure(
            case_id=plan.case_id,
            pid=plan.pid,
            person=by.id,
            reason=reason,
            although_open=although_open,
            hash=plan.hash,
            at=at,
            expires=at + self._gateway.settings.message.draft_days * _DAY_SECONDS,
        )
        told = event(self._gateway, ERASURE_WANTED, {**_facts(wanted), "by": by.id, "reason": reason})

        def operation(transaction: Transaction) -> None:
            if not transaction.want_erasure(wanted):
                raise InvalidMessageError("order-waits")
            told(transaction)

        await self._gateway.store.write(operation)  # E7
        logger.info("erasure waits", extra={"what": plan.case_id.hex()[:8]})
        return False

    async def approve(self, by: Caller, wanted: WantedErasure) -> None:
        """Give an order that waits, as the second person.

        Raises:
            InvalidMessageError: ``own-order``; ``order-decided``; ``not-allowed``: who ordered it may not any more.
            ConfigurationError: ``case-changed``: it is not what was looked at any more; ``legal-hold``; ``not-erasable``.
        """
        if wanted.person == by.id:
            raise InvalidMessageError("own-order")
        self._require_orderer(wanted.person)
        plan = await self._erase.plan(wanted.case_id, wanted.pid)
        if plan.hash != wanted.hash:
            raise ConfigurationError("case-changed", "Something came or went in it since it was ordered.")

        def besides(transaction: Transaction) -> None:
            require_approver(transaction, by.id, drafter=wanted.person)
            if not transaction.unwant_erasure(wanted.case_id, wanted.pid):
                raise InvalidMessageError("order-decided")

        # E8
        await self._erase.order(
            plan,
            Order(
                why=_why(plan),
                person=wanted.person,
                reason=wanted.reason,
                although_open=wanted.although_open,
                approver=by.id,
                besides=besides,
            ),
        )

    async def cancel(self, by: Caller, wanted: WantedErasure) -> None:
        """Take an order back that waits: by who ordered it, or as the second person.

        Raises:
            InvalidMessageError: ``not-allowed``; ``order-decided``.
        """
        if by.id != wanted.person and PersonRole.APPROVER not in by.roles:
            raise InvalidMessageError("not-allowed", "It is for who ordered it, and for approvers.")
        told = event(self._gateway, ERASURE_CANCELLED, {**_facts(wanted), "by": by.id})

        def operation(transaction: Transaction) -> None:
            if not transaction.unwant_erasure(wanted.case_id, wanted.pid):
                raise InvalidMessageError("order-decided")
            told(transaction)

        await self._gateway.store.write(operation)  # E9

    def waiting(self, case_id: bytes, seen: bytes) -> WantedErasure:
        """The order about a case that waits and is about exactly what somebody looked at.

        Raises:
            InvalidMessageError: ``order-decided``.
        """
        found = self._gateway.store.read.erasures_wanted(case_id, self._gateway.now())
        wanted = next((each for each in found if each.hash == seen), None)
        if wanted is None:
            raise InvalidMessageError("order-decided")
        return wanted

    def _require_nobody(self, transaction: Transaction) -> None:
        if is_needed(self._gateway, transaction):
            raise ConfigurationError(
                "case-changed", "Somebody became an approver a moment ago: order it again."
            )

    def _require_orderer(self, id_: str) -> None:
        """Who ordered it, as he or she stands today."""
        person = self._gateway.store.read.person(id_)
        is_there = person is not None and person.state is PersonState.ACTIVE
        if person is None or not is_there or PersonRole.CENTRAL_OFFICER not in person.roles:
            raise InvalidMessageError("not-allowed", "Who ordered it may not order it any more: cancel it.")


def _why(plan: Plan) -> ErasureReason:
    return ErasureReason.RECALL if plan.recalled else ErasureReason.ORDER


def _facts(wanted: WantedErasure) -> dict[str, str | int]:
    pid = {} if wanted.pid is None else {"pid": wanted.pid.hex()}
    return {"case": wanted.case_id.hex(), **pid}
