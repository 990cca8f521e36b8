"""hold: put a leg aside, and let it go on. One person suffices for either: nothing is given up by it.

O10 one batch holds the leg HELD with its reason and an event with its leaf; O11 likewise its release, to where what is stored
about its package puts it. A crash before either leaves the leg as it was; the act is done again.
"""

from emla.flow.events import LEG_HELD, LEG_RELEASED, event
from emla.flow.gateway import Gateway
from emla.model.leg import Hold, Leg, LegKind, LegState, leg_state
from emla.ports.store import Transaction

BY_HAND = "held"
"""The code of a leg that an operator put aside."""


async def hold_leg(gateway: Gateway, leg: Leg, code: str, reason: str) -> bool:
    """Put a leg that asks aside; False when it asks no more."""
    hold = Hold(leg=leg.id, at=gateway.now(), code=code, reason=reason)
    record = event(gateway, LEG_HELD, _facts(leg) | {"code": code, "reason": reason})

    def operation(transaction: Transaction) -> bool:
        if not transaction.hold_leg(hold):
            return False
        record(transaction)
        return True

    return await gateway.store.write(operation)


async def release_leg(gateway: Gateway, leg: Leg) -> bool:
    """Let a HELD leg be tried at once; False when it is not HELD any more."""
    record, now = event(gateway, LEG_RELEASED, _facts(leg)), gateway.clock.now()

    def operation(transaction: Transaction) -> bool:
        if not transaction.release_leg(leg.id, now):
            return False
        if leg.kind is LegKind.PACKAGE:
            state = leg_state(transaction.events_of(leg.ref))  # HUB_HELD, where a hub's word is stored
            if state is not LegState.READY:
                transaction.move_leg(leg.id, LegState.READY, state)
        record(transaction)
        return True

    return await gateway.store.write(operation)


def _facts(leg: Leg) -> dict[str, str | int]:
    return {"kind": leg.kind.value, "ref": leg.ref.hex(), "peer": leg.peer}
