"""drafting: a case becomes that of the person who hands in a message of it, in the batch that makes the message durable."""

from collections.abc import Callable

from emla.flow.gateway import Gateway
from emla.model.person import Caller
from emla.ports.store import Transaction


def drafted_by(gateway: Gateway, drafter: Caller, case_id: bytes) -> list[Callable[[Transaction], None]]:
    """What belongs into the batch of a submission about the one who handed it in: nothing where nobody is on record."""
    if drafter.alone:
        return []
    at = gateway.now()

    def name(transaction: Transaction) -> None:
        transaction.name_for_case(case_id, drafter.id, at)

    return [name]
