"""besides: what belongs into the batch of a submission beside its package: whose case it is, who approved it, overrides.

All of it is made before the batch, so that it writes the same bytes however often it runs; what must still hold is asked inside.
"""

from collections.abc import Callable

from emla.flow.events import CONTENT_PASSED, DRAFT_APPROVED, RULE_OVERRIDDEN, SENT_ALONE, event
from emla.flow.gateway import Gateway
from emla.flow.line.ahead import Look
from emla.flow.line.four_eyes import is_needed, require_approver, urgency_alone
from emla.flow.line.submission import Approval, Submission
from emla.flow.people.drafting import drafted_by
from emla.model.draft import DraftState
from emla.model.errors import InvalidMessageError
from emla.model.message import Message
from emla.ports.drafts import AloneRow
from emla.ports.sandbox import Checked
from emla.ports.store import Transaction
from emla.rules.weigh import overridden

Operations = list[Callable[[Transaction], None]]


def besides(gateway: Gateway, checked: Checked, submission: Submission, seen: Look) -> Operations:
    """The operations of one submission."""
    message = checked.message
    whose = drafted_by(gateway, submission.drafter, message.case_id)
    second = _second(gateway, submission, message, seen)
    return (
        whose
        + second
        + _overrides(gateway, checked, submission)
        + _passed(gateway, submission, message, seen)
    )


def _passed(gateway: Gateway, submission: Submission, message: Message, seen: Look) -> Operations:
    """An event for each file of somebody else's that goes on, for its owner's access report."""
    return [
        event(
            gateway,
            CONTENT_PASSED,
            {
                "person": submission.drafter.id,
                "id": each.pid.hex(),
                "part": each.part,
                "to": each.to,
                "message": message.message_id.hex(),
            },
            about=each.pid,
        )
        for each in seen.passed
    ]


def _overrides(gateway: Gateway, checked: Checked, submission: Submission) -> Operations:
    """An event for each override that had an effect: with the officer's own reason, not the clerk's."""
    message, reasons = checked.message, {each.rule: each.reason for each in submission.overrides}
    return [
        event(
            gateway,
            RULE_OVERRIDDEN,
            {
                "message": message.message_id.hex(),
                "rule": each.rule,
                "reason": reasons[each.rule],
                "officer": message.signing_officer.name,
                "post": message.signing_officer.post,
            },
        )
        for each in overridden(checked.findings)
        if each.rule in reasons
    ]


def _second(gateway: Gateway, submission: Submission, message: Message, seen: Look) -> Operations:
    """Who approved it, or why nobody had to."""
    if submission.drafter.alone:
        return []
    if submission.approval is not None:
        return [_approved(gateway, submission.approval, submission.drafter.id, message)]
    if submission.emergency is not None and is_needed(gateway, gateway.store.read):
        return [_alone(gateway, submission, message, seen)]

    def still_nobody(transaction: Transaction) -> None:
        if is_needed(gateway, transaction):
            raise InvalidMessageError("needs-approval")

    return [still_nobody]


def _approved(
    gateway: Gateway, approval: Approval, drafter: str, message: Message
) -> Callable[[Transaction], None]:
    at, by = gateway.now(), approval.approver.id
    told = event(
        gateway,
        DRAFT_APPROVED,
        {
            "draft": approval.draft.hex(),
            "hash": approval.hash.hex(),
            "by": by,
            "drafter": drafter,
            "message": message.message_id.hex(),
        },
    )

    def operation(transaction: Transaction) -> None:
        require_approver(transaction, by, drafter=drafter)
        # P7: what was approved waits no more, in the batch that makes it ours to deliver.
        if not transaction.end_draft(approval.draft, DraftState.SENT, by, at, of=(DraftState.WAITING,)):
            raise InvalidMessageError("draft-decided")
        told(transaction)

    return operation


def _alone(
    gateway: Gateway, submission: Submission, message: Message, seen: Look
) -> Callable[[Transaction], None]:
    row = AloneRow(
        message_id=message.message_id,
        person=submission.drafter.id,
        at=gateway.now(),
        urgency=urgency_alone(submission, message, seen) or message.urgency,
        reason=submission.emergency or "",
    )
    told = event(
        gateway,
        SENT_ALONE,
        {
            "message": row.message_id.hex(),
            "person": row.person,
            "urgency": row.urgency,
            "reason": row.reason,
        },
    )

    def operation(transaction: Transaction) -> None:
        transaction.insert_alone(row)
        told(transaction)

    return operation
