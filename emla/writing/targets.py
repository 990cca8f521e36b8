"""What an act answers: from a situation to the MessageId that InReplyTo names; empty where nothing is there to be answered."""

from collections.abc import Callable

from emla.model.case_states import Side
from emla.writing.situation import Situation

Target = Callable[[Situation], str]
"""From a situation to the MessageId that the act answers; empty where nothing is there to be answered."""


def opening(situation: Situation) -> str:
    """What began it."""
    return situation.opening.message_id


def questions(situation: Situation) -> str:
    """The newest questions that are open."""
    return situation.questions[-1].message_id if situation.questions else ""


def conditions(situation: Situation) -> str:
    """The newest message with conditions that are open."""
    return situation.pending[-1].message_id if situation.pending else ""


def talk(situation: Situation) -> str:
    """The newest message of an open consultation."""
    talked = [each.message_id for each in situation.acts if each.message_id in situation.talked_in]
    return talked[-1] if talked else ""


def consultation(situation: Situation) -> str:
    """A new consultation is about the request."""
    return talk(situation) or opening(situation)


def inquiry(situation: Situation) -> str:
    """The newest inquiry of the other side; a report that nobody asked for is about the request."""
    return situation.newest("StatusInquiry", by_us=False) or opening(situation)


def result(situation: Situation) -> str:
    """The newest result that is not confirmed, else the newest."""
    waiting = [each.message_id for each in situation.results if not each.verified]
    return (waiting or [each.message_id for each in situation.results] or [""])[-1]


def held(situation: Situation) -> str:
    """What brought that which is held: the newest result, or the information."""
    return situation.newest("ResultTransmission", "PreservationOutcome") or opening(situation)


def offered(situation: Situation) -> str:
    """What the other side said of the conditions under which information is offered; else the information itself."""
    return situation.newest("ConditionResponse", by_us=False) or opening(situation)


_BROUGHT = ("ResultTransmission", "PreservationOutcome", "SpontaneousInformation")


def given(situation: Situation) -> str:
    """What brought that which we have sent: our newest result or information, or what we began."""
    begun = opening(situation) if situation.side is Side.OPENER else ""
    return situation.newest(*_BROUGHT, by_us=True) or begun


def taken(situation: Situation) -> str:
    """What brought that which we hold: the newest result or information of the other side, or what it began."""
    begun = opening(situation) if situation.side is Side.ADDRESSEE else ""
    return situation.newest(*_BROUGHT, by_us=False) or begun


def restricted(situation: Situation) -> str:
    """What we have sent; else what we hold: who is not the owner can add a restriction."""
    return given(situation) or held(situation)


def withdrawal(situation: Situation) -> str:
    """The newest withdrawal that is not confirmed."""
    return situation.withdrawn_in[-1] if situation.withdrawn_in else ""


def owed(situation: Situation) -> str:
    """The message in which an item came that has to be returned."""
    return situation.to_return[-1].message_id if situation.to_return else ""


def proposal(situation: Situation) -> str:
    """The proposal to close it."""
    return situation.proposed


def consent_asked(situation: Situation) -> str:
    """The newest question for consent."""
    return situation.newest("UseConsentRequest", by_us=False)


def recall(situation: Situation) -> str:
    """The newest recall of the other side."""
    return situation.newest("RecallNotice", by_us=False)


def confidentiality(situation: Situation) -> str:
    """What the other side said of confidentiality, or the request."""
    return situation.newest("ConfidentialityCannotBeKept", by_us=False) or opening(situation)
