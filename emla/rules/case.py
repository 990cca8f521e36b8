"""What a message may say in the case it belongs to: decisions, answers, use of evidence, clocks.

The case comes in as `emla.model.terms.CaseFacts`; where it is not known, these rules find nothing.
"""

from collections.abc import Iterator
from datetime import timedelta

from lxml import etree

from emla.formats.xml import text_of
from emla.model.terms import CaseFacts
from emla.rules.context import Context
from emla.rules.rule import Hit

_NO_BANK_SECRECY = frozenset({"UNTOC", "UNCAC", "V88", "CETS198"})
_NO_FISCAL_GROUND = frozenset({"UNTOC", "UNCAC"})
_OF_THE_REQUESTED = frozenset(
    {
        "ReceiptConfirmation", "ReferralNotice", "SupplementaryInformationRequest", "Decision", "DelayNotice",
        "TimeLimitExtension", "StatusReport", "WithdrawalConfirmation", "ResultTransmission", "UseConsentDecision",
        "ArrestNotice", "SurrenderNotice", "ReleaseNotice", "PreservationOutcome",
    }
)  # fmt: skip
_OF_THE_REQUESTING = frozenset(
    {
        "SupplementaryInformation", "ConditionResponse", "StatusInquiry", "RequestUpdate", "Withdrawal", "ResultReceipt",
        "UseConsentRequest", "ExculpatoryDisclosureNotice", "PreservationExtension",
    }
)  # fmt: skip
_FINAL = frozenset({"REFUSED", "EXECUTED", "NOT_EXECUTED", "WITHDRAWN"})
_GRANTED = frozenset({"ACCEPTED", "CONDITIONAL", "IN_EXECUTION", "EXECUTED"})
_ARREST_WARNINGS = (18, 40, 60)
_ARREST_WARNING_DAYS = 3


def _case(context: Context, *messages: str) -> CaseFacts | None:
    """The case, where it is known and the message is one of these."""
    return context.terms.case if not messages or context.message.message_type in messages else None


def _grounds(context: Context, ground: str, *, sole: bool) -> Iterator[etree._Element]:
    for decision in context.all("MeasureDecision"):
        grounds = list(context.all("GroundCode", decision))
        if not sole or len(grounds) == 1:
            yield from (each for each in grounds if text_of(each) == ground)


def _barred(
    context: Context, ground: str, barring: frozenset[str], *, cited: bool, sole: bool
) -> Iterator[Hit]:
    """A ground that some treaties bar: where the request cites one of them, or else as a warning."""
    case = context.terms.case
    bars = bool(case and barring & set(case.instruments))
    if bars is cited and context.message.message_type == "Decision":
        yield from (Hit(each) for each in _grounds(context, ground, sole=sole))


def bank_secrecy(context: Context) -> Iterator[Hit]:
    """BANK_SECRECY against a request under a treaty that bars it."""
    return _barred(context, "BANK_SECRECY", _NO_BANK_SECRECY, cited=True, sole=False)


def bank_secrecy_elsewhere(context: Context) -> Iterator[Hit]:
    """BANK_SECRECY against any other request."""
    return _barred(context, "BANK_SECRECY", _NO_BANK_SECRECY, cited=False, sole=False)


def fiscal_alone(context: Context) -> Iterator[Hit]:
    """FISCAL_OFFENCE as the only ground under UNTOC or UNCAC."""
    return _barred(context, "FISCAL_OFFENCE", _NO_FISCAL_GROUND, cited=True, sole=True)


def limits_left_out(context: Context) -> Iterator[Hit]:
    """A copy to another holder that does not carry the conditions that bind us."""
    case = _case(context)
    if case is None:
        return
    copies = list(context.all("MessageHeader/CopyTo"))
    carried = {text_of(each) for each in context.all("Handling/UseRestriction/UseLimit")}
    missing = sorted(set(case.use_limits) - set(case.consented) - carried)
    if copies and missing:
        yield Hit(copies[0], {"limits": ", ".join(missing)})


def relaxed(context: Context) -> Iterator[Hit]:
    """A holder that lifts a limit to which the owner has not consented."""
    case = _case(context, "RestrictionChange")
    if case is None or context.message.sender == case.owner:
        return
    kept = {text_of(each) for each in context.all("NewHandling/UseRestriction/UseLimit")}
    lifted = sorted(set(case.use_limits) - set(case.consented) - kept)
    if lifted:
        yield Hit(context.first("NewHandling"), {"limits": ", ".join(lifted)})


def onward(context: Context) -> Iterator[Hit]:
    """A copy of evidence that may not be passed on."""
    case = _case(context)
    if case and "NO_ONWARD_TRANSFER" in set(case.use_limits) - set(case.consented):
        for copy in context.all("MessageHeader/CopyTo"):
            yield Hit(copy, {"copy": context.text("AuthorityId", copy)})


def arrest_clock(context: Context) -> Iterator[Hit]:
    """A person under arrest for whom no full request has come as a limit draws near."""
    case = _case(context)
    if case is None or case.arrested_on is None:
        return
    held = (context.day - case.arrested_on).days
    for limit in (*(each for each in _ARREST_WARNINGS if each < case.arrest_days_max), case.arrest_days_max):
        if limit - _ARREST_WARNING_DAYS <= held <= limit:
            ends = case.arrested_on + timedelta(days=limit)
            yield Hit(None, {"held": str(held), "limit": str(limit), "ends": ends.isoformat()})


def receipt_overdue(context: Context) -> Iterator[Hit]:
    """A request whose receipt is confirmed late, or not yet."""
    case = _case(context)
    if case and case.received_on and (context.day - case.received_on).days > case.acknowledge_days:
        yield Hit(None, {"received": case.received_on.isoformat(), "days": str(case.acknowledge_days)})


def unanswered(context: Context) -> Iterator[Hit]:
    """Mandatory questions without an answer."""
    case = _case(context, "SupplementaryInformation")
    if case:
        answered = {context.text("QuestionId", each) for each in context.all("Answer")}
        for question in case.open_questions:
            if question not in answered:
                yield Hit(None, {"question": question})


def generation(context: Context) -> Iterator[Hit]:
    """An update that was not written on what is stored."""
    case = _case(context, "RequestUpdate")
    if case and context.message.generation != case.generation + 1:
        found = {"generation": str(context.message.generation), "expected": str(case.generation + 1)}
        yield Hit(context.first("MessageHeader/Generation"), found)


def others_word(context: Context) -> Iterator[Hit]:
    """What only the other side may say."""
    case = _case(context)
    if case is None or not case.asked:
        return
    requesting = context.message.sender == case.requesting
    forbidden = _OF_THE_REQUESTED if requesting else _OF_THE_REQUESTING
    if context.message.message_type in forbidden:
        side = "requested" if requesting else "requesting"
        yield Hit(
            context.first("MessageHeader/MessageType"),
            {"message": context.message.message_type, "side": side},
        )


def no_outcome(context: Context) -> Iterator[Hit]:
    """The final result without an outcome for a measure that was granted."""
    case = _case(context, "ResultTransmission")
    if case and context.says("Final"):
        done = {context.text("MeasureId", each) for each in context.all("MeasureResult")}
        for measure, state in sorted(case.measures.items()):
            if state in _GRANTED - {"EXECUTED"} and measure not in done:
                yield Hit(context.first("Final"), {"measure": measure})


def not_returned(context: Context) -> Iterator[Hit]:
    """A closure while items are still to be returned."""
    case = _case(context, "ClosureNotice")
    if case:
        yield from (Hit(None, {"item": each}) for each in case.items_to_return)


def already_final(context: Context) -> Iterator[Hit]:
    """A withdrawal of what has already come to its end."""
    case = _case(context, "Withdrawal")
    if case:
        for each in context.all("MeasureId"):
            state = case.measures.get(text_of(each), "")
            if state in _FINAL:
                yield Hit(each, {"measure": text_of(each), "state": state})
