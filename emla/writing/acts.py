"""The acts of a case that an officer writes: one row for each, in the words of the treaties.

Here: the table. Not here: what each answers (`targets`), which are possible now (`possible`), what is asked (`act_plan`), and the
document (`build`).

Rules of this file:
- A verb says one thing. Two verbs may write messages of one type, where a treaty has two words.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from emla.model.case_states import Side
from emla.writing import targets
from emla.writing.answers import NO, YES
from emla.writing.targets import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One act."""

    verb: str
    message: str
    """Type of its message."""
    text: str
    """What it does, in one sentence."""
    answers: Target = targets.opening
    missing: str = ""
    """What is not there when nothing is there to be answered."""
    fixed: Mapping[str, str] = field(default_factory=dict)
    """Answers that the verb is."""
    only: Side = Side.EITHER
    """The side that uses this verb, where the message may be written by either."""
    about: frozenset[str] = frozenset()
    """Types of the messages that began what it can be about; none means any that is no information."""
    kind: str = ""
    """A measure must be of this kind."""
    if_state: str = ""
    """A measure must be in this state."""


_EXTRADITION = frozenset({"ProvisionalArrestRequest", "ExtraditionRequest"})
KEPT = frozenset({"PreservationRequest"})
_TEAM = frozenset({"JITProposal"})
_INFORMATION = frozenset({"SpontaneousInformation"})
STAGE = "ClosureStage"
ACTS: tuple[Act, ...] = (
    Act(
        verb="confirm-receipt",
        message="ReceiptConfirmation",
        text="Confirm receipt, with your own reference.",
    ),
    Act(verb="refer", message="ReferralNotice", text="Say which other authority is competent."),
    Act(verb="ask", message="SupplementaryInformationRequest", text="Ask for supplementary information."),
    Act(
        verb="answer",
        message="SupplementaryInformation",
        text="Answer questions of the requested authority.",
        answers=targets.questions,
        missing="no question is open",
    ),
    Act(
        verb="consult",
        message="Consultation",
        text="Begin a consultation, or go on with it.",
        answers=targets.consultation,
    ),
    Act(
        verb="end-consultation",
        message="Consultation",
        text="Say how a consultation ended.",
        answers=targets.talk,
        missing="no consultation is open",
        fixed={"ConsultationClosed": YES},
    ),
    Act(
        verb="decide", message="Decision", text="Decide on measures: accept, accept with conditions, refuse."
    ),
    Act(
        verb="answer-conditions",
        message="ConditionResponse",
        text="Accept conditions, or say which cannot be met.",
        answers=targets.conditions,
        missing="no condition is open",
    ),
    Act(
        verb="postpone",
        message="Decision",
        text="Postpone measures, with ground and reasons.",
        fixed={"MeasureDecision/DecisionOutcome": "POSTPONED"},
    ),
    Act(verb="delay", message="DelayNotice", text="Say that execution takes longer, and why."),
    Act(verb="extend", message="TimeLimitExtension", text="Extend a time limit of the instrument."),
    Act(
        verb="report",
        message="StatusReport",
        text="Report where the request and its measures stand.",
        answers=targets.inquiry,
    ),
    Act(
        verb="resume",
        message="StatusReport",
        text="Say that a postponement has ended.",
        fixed={"Resumed": YES},
        if_state="POSTPONED",
    ),
    Act(verb="inquire", message="StatusInquiry", text="Ask where the request stands."),
    Act(verb="update", message="RequestUpdate", text="Correct or extend the request."),
    Act(
        verb="results",
        message="ResultTransmission",
        text="Send results with their files, hashes and custody.",
    ),
    Act(
        verb="confirm-results",
        message="ResultReceipt",
        text="Confirm results after comparing them with their manifest.",
        answers=targets.result,
        missing="no result has come",
    ),
    Act(verb="withdraw", message="Withdrawal", text="Withdraw the request, or some of its measures."),
    Act(
        verb="confirm-withdrawal",
        message="WithdrawalConfirmation",
        text="Confirm a withdrawal, and say what became of the material.",
        answers=targets.withdrawal,
        missing="nothing was withdrawn that is not confirmed",
    ),
    Act(verb="costs", message="CostNotice", text="Give notice of costs that are not ordinary."),
    Act(
        verb="close",
        message="ClosureNotice",
        text="Propose to close the case.",
        fixed={STAGE: "PROPOSED"},
        only=Side.OPENER,
    ),
    Act(
        verb="agree-to-close",
        message="ClosureNotice",
        text="Agree that the case is closed.",
        answers=targets.proposal,
        missing="nobody has proposed to close the case",
        fixed={STAGE: "CONFIRMED"},
        only=Side.ADDRESSEE,
    ),
    Act(
        verb="object-to-close",
        message="ClosureNotice",
        text="Object to closing the case, with the reason.",
        answers=targets.proposal,
        missing="nobody has proposed to close the case",
        fixed={STAGE: "OBJECTED"},
        only=Side.ADDRESSEE,
    ),
    Act(
        verb="return",
        message="ReturnNotice",
        text="Return items.",
        answers=targets.held,
        fixed={"|": "Return"},
        only=Side.OPENER,
    ),
    Act(
        verb="waive-return",
        message="ReturnNotice",
        text="Waive the return of items.",
        answers=targets.owed,
        missing="no item has to be returned",
        fixed={"|": "WaiverOfReturn"},
        only=Side.ADDRESSEE,
    ),
    Act(
        verb="ask-consent",
        message="UseConsentRequest",
        text="Ask for consent to another use.",
        answers=targets.taken,
        missing="nothing has come from the other side",
    ),
    Act(
        verb="decide-consent",
        message="UseConsentDecision",
        text="Decide whether another use is consented to.",
        answers=targets.consent_asked,
        missing="nobody has asked for consent",
    ),
    Act(
        verb="disclose",
        message="ExculpatoryDisclosureNotice",
        text="Give notice that what exonerates an accused will be disclosed.",
        answers=targets.taken,
        missing="nothing has come from the other side",
    ),
    Act(
        verb="confidentiality",
        message="ConfidentialityCannotBeKept",
        text="Say that confidentiality cannot be kept; or answer that.",
        answers=targets.confidentiality,
    ),
    Act(
        verb="restrict",
        message="RestrictionChange",
        text="Change the restrictions on what was sent.",
        answers=targets.restricted,
    ),
    Act(
        verb="recall",
        message="RecallNotice",
        text="Recall what was sent.",
        answers=targets.given,
        missing="nothing was sent by us",
    ),
    Act(
        verb="confirm-recall",
        message="RecallConfirmation",
        text="Say what became of what was recalled.",
        answers=targets.recall,
        missing="nothing was recalled",
    ),
    Act(
        verb="preserved",
        message="PreservationOutcome",
        text="Say whether data are preserved, and until when.",
        kind="ESD_PRESERVE",
    ),
    Act(
        verb="extend-preservation",
        message="PreservationExtension",
        text="Ask that data be preserved longer.",
        about=KEPT,
    ),
    Act(verb="arrested", message="ArrestNotice", text="Give notice of an arrest.", about=_EXTRADITION),
    Act(
        verb="surrender",
        message="SurrenderNotice",
        text="Set the day of surrender, or say that it has taken place.",
        about=_EXTRADITION,
    ),
    Act(verb="release", message="ReleaseNotice", text="Give notice of a release.", about=_EXTRADITION),
    Act(
        verb="agree-team",
        message="JITAgreement",
        text="Sign the agreement on a joint investigation team.",
        about=_TEAM,
    ),
    Act(
        verb="inform",
        message="SpontaneousInformation",
        text="Send information that was offered, or more of it.",
        answers=targets.offered,
        fixed={"NatureOnly": NO},
        about=_INFORMATION,
    ),
)
"""All of them, in the order of a case."""
BY_VERB: Mapping[str, Act] = {each.verb: each for each in ACTS}
