"""What became of an act: it holds, or it does not, with the rule and its source; or it waits for an earlier message.

Rules of this file: no act is ever dropped. What does not hold stands in the list of the case like the others.
"""

from dataclasses import dataclass
from enum import StrEnum

from emla.model.case_states import Side, State
from emla.model.legal_act import Key, LegalAct
from emla.model.transition import Cause


class Effect(StrEnum):
    """What became of an act."""

    EFFECTIVE = "effective"
    NOT_EFFECTIVE = "not effective"
    WAITING = "waiting for an earlier message"


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One state that an act moved."""

    request: Key
    """The message that began what the state is of."""
    machine: str
    subject: str
    """Id of the measure; empty for the request itself."""
    cause: Cause
    side: Side
    before: State | None
    after: State


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """Why an act, or a part of it, does not hold."""

    rule: str
    sentence: str
    source: str
    remedy: str
    measure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """One act, with what became of it."""

    act: LegalAct
    effect: Effect
    request: Key | None = None
    """The request it is about; None where that is not known or where it is about none."""
    moves: tuple[Move, ...] = ()
    objections: tuple[Objection, ...] = ()
    """Of an effective act: the parts of it that do not hold."""
    missing: bytes | None = None
    """The message it waits for; the case, where that is all it names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """A rule about acts: its id, what it says, where it comes from, what to do. Names in braces are filled in."""

    rule: str
    sentence: str
    source: str
    remedy: str

    def objection(self, measure: str = "", **values: str) -> Objection:
        """The objection for one act."""
        filled = self.sentence.format_map({"measure": measure, **values})
        return Objection(
            rule=self.rule, sentence=filled, source=self.source, remedy=self.remedy, measure=measure
        )


OTHER_CONTENT = Ground(
    rule="BR-001",
    sentence="Another message bears the same MessageId.",
    source="emla/1 BR-001",
    remedy="Send it under a MessageId of its own.",
)
CIRCLE = Ground(
    rule="CA-001",
    sentence="Messages that answer one another in a circle answer nothing.",
    source="emla/1 CA-001",
    remedy="Name in InReplyTo the message that it really answers.",
)
OTHER_CASE = Ground(
    rule="CA-002",
    sentence="It answers a message of another case.",
    source="emla/1 CA-002",
    remedy="Write the CaseId of the message that it answers.",
)
WHICH_REQUEST = Ground(
    rule="CA-003",
    sentence="The case has several requests, and it does not say which one it is about (InReplyTo).",
    source="emla/1 CA-003",
    remedy="Name the request in InReplyTo.",
)
NO_PARTY = Ground(
    rule="CA-004",
    sentence="{sender} has no part in this request.",
    source="UNCAC 46(13), emla/1 CA-004",
    remedy="Let the authority send it that asked, or that was asked.",
)
OTHER_SIDE = Ground(
    rule="BR-054",
    sentence="Only the {side} can say this.",
    source="ETSI TS 103 120",
    remedy="Say what you want of it in a message of your own: StatusInquiry, Consultation, Withdrawal.",
)
NOT_NOW = Ground(
    rule="CA-005",
    sentence="It has no effect on a {machine} that is {state}.",
    source="emla/1 CA-005",
    remedy="Look at where it stands now: another message may have come first.",
)
CLOSED = Ground(
    rule="CA-006",
    sentence="The case is closed; only what is held may still be spoken of.",
    source="emla/1 CA-006",
    remedy="For something new make a request of its own that relates to this case.",
)
NO_MEASURE = Ground(
    rule="CA-007",
    sentence="The request has no measure {measure}.",
    source="emla/1 CA-007",
    remedy="Use the MeasureId of the request.",
)
MEASURE_NOT_NOW = Ground(
    rule="CA-008",
    sentence="It has no effect on measure {measure}, which is {state}.",
    source="emla/1 CA-008",
    remedy="Take the measure out: what became of it stands already.",
)
NO_CONDITION = Ground(
    rule="CA-009",
    sentence="It answers no condition that is open.",
    source="UNCAC 46(26), BUD 28(3)",
    remedy="Answer the newest decision, with the ids of its conditions.",
)
NOT_WITHDRAWN = Ground(
    rule="BR-054",
    sentence="Only the requesting authority withdraws, and it has not.",
    source="UNCAC 46(24), ETSI TS 103 120",
    remedy="Ask the requesting authority in a Consultation whether it wants to withdraw.",
)
ALREADY_FINAL = Ground(
    rule="BR-059",
    sentence="Measure {measure} cannot be withdrawn any more: it is {state}.",
    source="UNTOC 18(24), UNCAC 46(24)",
    remedy="Take it out of the withdrawal; for material already sent, say what becomes of it.",
)
NOTHING_LEFT = Ground(
    rule="BR-059",
    sentence="Nothing is left to withdraw.",
    source="UNTOC 18(24), UNCAC 46(24)",
    remedy="For material already sent, say what becomes of it (ReturnNotice, UseConsentRequest).",
)
NOT_FINAL = Ground(
    rule="BR-055",
    sentence="The result is said to be final, but measure {measure} has no outcome: more must come.",
    source="BUD 27(7), EIO 16",
    remedy="Add a MeasureResult for it, or set Final to false.",
)
GENERATION = Ground(
    rule="BR-053",
    sentence="The update has generation {found}, but {expected} comes next: the request was changed meanwhile.",
    source="ETSI TS 103 120",
    remedy="Load the request as it stands now, and write the update anew.",
)
NOT_RETURNED = Ground(
    rule="BR-058",
    sentence="The item {item} has to be returned and was not yet.",
    source="ETS30 6(2)",
    remedy="Return it (ReturnNotice), or have its return waived, before the case is closed.",
)
NOT_PROPOSED = Ground(
    rule="CA-010",
    sentence="Nobody has proposed to close the case.",
    source="emla/1 CA-010",
    remedy="Wait for the proposal of the requesting authority.",
)
NO_RESULT = Ground(
    rule="CA-011",
    sentence="It answers no result.",
    source="emla/1 CA-011",
    remedy="Name in InReplyTo the ResultTransmission that is confirmed.",
)
NOTHING = Ground(
    rule="CA-012",
    sentence="Nothing in it has an effect here.",
    source="emla/1 CA-012",
    remedy="Name the measures of the request that it is about.",
)
NOT_HERE = Ground(
    rule="CA-013",
    sentence="It answers a message that is not here.",
    source="emla/1 CA-013",
    remedy="Compare InReplyTo with the MessageId of the message that is answered; if that came on paper, say so as the reason.",
)
"""What waits is no objection in a docket: the message may be on its way. Before sending it is one."""
NOT_LAST = Ground(
    rule="CA-014",
    sentence="It is dated before a {message} that is here already, and will count as said before it.",
    source="emla/1 CA-014",
    remedy="Date it (IssuedAt) when it is sent; if the clock of another authority is ahead, tell it.",
)
"""Said before sending alone, as a warning."""
NOT_OWNER = Ground(
    rule="CA-015",
    sentence="{sender} is not the owner of {thing}.",
    source="UNCAC 46(19), RPD 58",
    remedy="Ask the owner to say it; what you hold yourself you may give back (ReturnNotice).",
)
NOT_HOLDER = Ground(
    rule="CA-016",
    sentence="{sender} does not hold {thing}.",
    source="emla/1 CA-016",
    remedy="Name what the other authority has sent to you.",
)
LATE_NOTICE = Ground(
    rule="CA-017",
    sentence="The disclosure was on {day}, before this notice, and it is not said why notice was not given before.",
    source="UNTOC 18(19), UNCAC 46(19)",
    remedy="Say why notice could not be given in advance (AdvanceNotGivenReason).",
)
NOT_BROUGHT = Ground(
    rule="CA-018",
    sentence="The message {message} brought no {thing}.",
    source="emla/1 CA-018",
    remedy="Name a file or an item that `emla case show CASE` lists of that message; or its MessageId, for all that it brought.",
)
"""Said before sending alone: one that was received is kept as it is, and is about nothing."""
NOT_ONWARD = Ground(
    rule="BR-064c",
    sentence="{thing} came from {sender} and may not go to {to}: {why}",
    source="UNCAC 46(19), RPD 58",
    remedy="Ask the owner (`emla case act CASE ask-consent`, with the authority id as recipient); or take it out.",
)
NOT_SAID = Ground(
    rule="BR-064d",
    sentence="{thing} came from {sender}, who said nothing of passing it on, and {to} was not consented to.",
    source="UNCAC 46(19)",
    remedy="Ask the owner (`emla case act CASE ask-consent`); where the file is public or your own, give that as the reason.",
)
LABEL_LEFT = Ground(
    rule="BR-064e",
    sentence="{thing} goes on to {to} without what its owner {owner} has said of it: {left_out}",
    source="UNCAC 46(19)-(20), RPD 58",
    remedy="Write it into the Handling of the message.",
)
"""Said before sending alone: what goes on is compared with what came in (`emla.flow.onward`)."""

GROUNDS: tuple[Ground, ...] = (
    OTHER_CONTENT, CIRCLE, OTHER_CASE, WHICH_REQUEST, NO_PARTY, NOT_NOW, CLOSED, NO_MEASURE, MEASURE_NOT_NOW, NO_CONDITION,
    NOT_PROPOSED, NO_RESULT, NOTHING, NOT_HERE, NOT_LAST, GENERATION, OTHER_SIDE, NOT_WITHDRAWN, NOT_FINAL, NOT_RETURNED,
    ALREADY_FINAL, NOTHING_LEFT, NOT_OWNER, NOT_HOLDER, LATE_NOTICE, NOT_BROUGHT,
    NOT_ONWARD, NOT_SAID, LABEL_LEFT,
)  # fmt: skip
"""All of them, for the reference page."""
