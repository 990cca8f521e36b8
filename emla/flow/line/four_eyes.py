"""four_eyes: whether a message needs a second person before it is sent, and what lets it go without one.

Rules of this file:
- Asked before anything is sealed to the recipient, and again in the batch: what was changed in between counts.
- Where nobody is on record, nobody is asked for.
- An emergency is what the message, or the request it belongs to, calls one. A person only gives the reason that is recorded.
"""

from emla.flow.gateway import Gateway
from emla.flow.line.ahead import Look
from emla.flow.line.submission import Submission
from emla.model.draft import FourEyes, alone_by
from emla.model.errors import InvalidMessageError
from emla.model.legal_act import LegalAct
from emla.model.message import Message
from emla.model.message_types import MESSAGE_TYPES
from emla.model.person import Person, PersonRole, PersonState
from emla.ports.drafts import DraftReader, DraftTransaction
from emla.ports.store import Transaction


def is_needed(gateway: Gateway, seen: DraftReader | DraftTransaction) -> bool:
    """Whether messages of people need a second person, as things stand."""
    wanted = gateway.settings.message.four_eyes
    return wanted == FourEyes.ALWAYS or (wanted == FourEyes.AUTO and seen.any_approver())


def require_second(gateway: Gateway, submission: Submission, message: Message, seen: Look) -> None:
    """Refuse to send what nobody else has approved.

    Raises:
        InvalidMessageError: ``needs-approval``; ``no-emergency``.
    """
    if submission.drafter.alone or submission.approval or not is_needed(gateway, gateway.store.read):
        return
    if submission.emergency is None:
        raise InvalidMessageError("needs-approval")
    if urgency_alone(submission, message, seen) is None:
        raise InvalidMessageError("no-emergency", f"Its urgency is {message.urgency}.")


def urgency_alone(submission: Submission, message: Message, seen: Look) -> str | None:
    """The urgency by which a message may go without a second person: its own, or that of the request it belongs to."""
    standing = seen.held.docket.request_of(seen.act)
    of_request = (_urgency(standing.opening),) if standing else ()
    return alone_by(submission.drafter.roles, (message.urgency, *of_request))


def _urgency(act: LegalAct) -> str:
    return act.urgency or MESSAGE_TYPES[act.message_type].urgency


def require_approver(transaction: Transaction, person: str, *, drafter: str) -> None:
    """In the batch: somebody still is an approver, and another one than the drafter.

    Raises:
        InvalidMessageError: ``not-allowed``; ``own-draft``.
    """
    if person == drafter:
        raise InvalidMessageError("own-draft")
    if not any(each.id == person and is_approver(each) for each in transaction.people()):
        raise InvalidMessageError("not-allowed", "It is for an approver.")


def is_approver(person: Person) -> bool:
    """Whether a person may approve."""
    return person.state is PersonState.ACTIVE and PersonRole.APPROVER in person.roles
