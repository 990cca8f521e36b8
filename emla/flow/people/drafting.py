"""drafting: whose case a message opens or goes on with.

A case becomes that of the person who hands in a message of it, in the batch that makes the message durable. A prosecutor goes on
with cases of his own alone: whoever knows the id of another one must not become part of it by writing into it.
"""

from collections.abc import Callable

from emla.flow.gateway import Gateway
from emla.model.errors import NotFoundError
from emla.model.person import Caller
from emla.ports.store import Transaction


def require_own_case(gateway: Gateway, drafter: Caller, case_id: bytes) -> None:
    """Let a prosecutor open a case, and go on with one of his own.

    Raises:
        NotFoundError: ``not-found``: there is such a case, and it is not the drafter's.
    """
    if drafter.sees_all_cases:
        return
    read = gateway.store.read
    if read.acts_of_case(case_id, 1) and not read.is_named(case_id, drafter.id):
        raise NotFoundError("not-found", "There is no such case of yours.")


def drafted_by(gateway: Gateway, drafter: Caller, case_id: bytes) -> list[Callable[[Transaction], None]]:
    """What belongs into the batch of a submission about the one who handed it in: nothing where nobody is on record."""
    if drafter.alone:
        return []
    at = gateway.now()

    def name(transaction: Transaction) -> None:
        transaction.name_for_case(case_id, drafter.id, at)

    return [name]
