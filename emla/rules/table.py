"""The table of rules that need more than the document. Words and sources stand here, the search in the file of its subject."""

from collections.abc import Iterator

from emla.formats.schematron import MORE
from emla.formats.xml import ElementPaths
from emla.model.findings import Finding, Severity
from emla.rules import case, identifiers, profile, times
from emla.rules.context import Context
from emla.rules.rule import Rule

FINDINGS_MAX = 500
_F, _E, _W = Severity.FATAL, Severity.ERROR, Severity.WARNING


RULES: tuple[Rule, ...] = (
    Rule(
        id="BR-002a",
        severity=_E,
        needs="instruments",
        message="{code} is not a country code of ISO 3166-1.",
        remedy="Write the code of the State: GB for the United Kingdom, GR for Greece. A part of a State has a TerritoryCode.",
        source="ISO 3166-1; emla/1 BR-002",
        hits=times.no_country,
    ),
    Rule(
        id="BR-005",
        severity=_E,
        needs="instruments",
        message="{instrument} is not in force between the two States: {why}",
        remedy="Choose an instrument that is in force; without one, RECIPROCITY or DOMESTIC_LAW.",
        source="Vienna Convention on the Law of Treaties 26, 34; emla/1 BR-005",
        hits=times.not_in_force,
    ),
    Rule(
        id="BR-006",
        severity=_W,
        needs="instruments",
        message="The request follows the procedure of {instrument}, but {closer} binds both States and governs procedure first.",
        remedy="Mark the closer treaty as PRIMARY and this one as ADDITIONAL, unless the two States agreed otherwise.",
        source="UNCAC 46(7), UNTOC 18(7), BUD 27(1)",
        hits=times.closer_treaty,
    ),
    Rule(
        id="BR-015",
        severity=_E,
        needs="profile",
        message="The message is in {language}; the recipient accepts {accepted}.",
        remedy="Attach its text (FACTS_STATEMENT) with a translation of that (TRANSLATION), or write it in one of these.",
        source="UNCAC 46(14), UNTOC 18(14), ETS30 16",
        hits=profile.translation,
    ),
    Rule(
        id="BR-020a",
        severity=_W,
        needs="profile",
        message="The deadline {date} cannot be met: the recipient promises no answer before {earliest}.",
        remedy="Ask for a later Date, or call the recipient and say so in the Reason.",
        source="UNCAC 46(24); profile of the recipient",
        hits=profile.too_soon,
    ),
    Rule(
        id="BR-023b",
        severity=_W,
        needs="time",
        message="The preservation of the data ended on {date}.",
        remedy="Ask the provider or the recipient whether the data are still there, and give a new PreservedUntil.",
        source="BUD 29(7)",
        hits=times.preservation_over,
    ),
    Rule(
        id="BR-025",
        severity=_E,
        needs="values",
        message="{value} cannot be of the kind {kind}: a digit is wrong or missing.",
        remedy="Compare it with its source and correct it; a wrong identifier leads to another person or to nobody.",
        source="ITU-T E.164, ISO 13616, ISO/IEC 7812-1, RFC 5321; practice of providers (SIRIUS)",
        hits=identifiers.malformed,
    ),
    Rule(
        id="BR-026",
        severity=_W,
        needs="values",
        message="Data of {days} days are asked for; more than {most} look overbroad.",
        remedy="Narrow the TimeRange, or give PeriodJustification.",
        source="practice of providers (SIRIUS); BUD 15",
        hits=times.overbroad,
    ),
    Rule(
        id="BR-034",
        severity=_F,
        needs="case",
        message="Bank secrecy is no ground for refusal under the treaty of this request.",
        remedy="Grant the measure, or give the ground that does apply.",
        source="UNTOC 18(8), UNCAC 46(8), V88 7(5), CETS198",
        hits=case.bank_secrecy,
    ),
    Rule(
        id="BR-034a",
        severity=_W,
        needs="values",
        message="Bank secrecy is given as a ground; most treaties do not allow it.",
        remedy="Check the treaty on which the request rests.",
        source="UNTOC 18(8), UNCAC 46(8), V88 7(5)",
        hits=case.bank_secrecy_elsewhere,
    ),
    Rule(
        id="BR-035",
        severity=_F,
        needs="case",
        message="That the offence also involves fiscal matters is no ground by itself under the convention of this request.",
        remedy="Give the other ground that applies, or grant the measure.",
        source="UNTOC 18(22), UNCAC 46(22)",
        hits=case.fiscal_alone,
    ),
    Rule(
        id="BR-040",
        severity=_F,
        needs="case",
        message="A copy goes to another holder without the conditions that were accepted: {limits}.",
        remedy="Repeat each condition as a UseRestriction in Handling, or take the copy out.",
        source="UNCAC 46(26), BUD 28(3)",
        hits=case.limits_left_out,
    ),
    Rule(
        id="BR-041",
        severity=_F,
        needs="case",
        message="The change lifts limits of use to which their owner has not consented: {limits}.",
        remedy="Send a UseConsentRequest first; for what exonerates an accused, an ExculpatoryDisclosureNotice.",
        source="UNTOC 18(19), UNCAC 46(19)",
        hits=case.relaxed,
    ),
    Rule(
        id="BR-043",
        severity=_E,
        needs="profile",
        message="The hearing on {date} is too soon: a summons to an accused must arrive {days} days before it ({earliest}).",
        remedy="Have the hearing set for a later day, or agree with the recipient on shorter notice.",
        source="ETS30 7(3)",
        hits=profile.hearing_too_soon,
    ),
    Rule(
        id="BR-048",
        severity=_W,
        needs="case",
        message="The person has been under arrest for {held} days without a full request; {limit} days end on {ends}.",
        remedy="Send the request for extradition with its documents now, or expect the person to be released.",
        source="ETS24 16(4)",
        hits=case.arrest_clock,
    ),
    Rule(
        id="BR-051",
        severity=_W,
        needs="case",
        message="The request arrived on {received}, and its receipt was not confirmed within {days} days.",
        remedy="Send a ReceiptConfirmation at once.",
        source="EIO 16(1); practice for other instruments",
        hits=case.receipt_overdue,
    ),
    Rule(
        id="BR-052",
        severity=_E,
        needs="case",
        message="The mandatory question {question} is not answered.",
        remedy="Add an Answer with this QuestionId, if only to say why it cannot be answered.",
        source="UNTOC 18(16), UNCAC 46(16)",
        hits=case.unanswered,
    ),
    Rule(
        id="BR-053",
        severity=_F,
        needs="case",
        message="The update has generation {generation}, but {expected} comes next: the request was changed meanwhile.",
        remedy="Load the request as it stands now, and write the update anew.",
        source="ETSI TS 103 120",
        hits=case.generation,
    ),
    Rule(
        id="BR-054",
        severity=_F,
        needs="case",
        message="{message} can only be said by the {side} authority of this case.",
        remedy="Say what you want of it in a message of your own: StatusInquiry, Consultation, Withdrawal.",
        source="ETSI TS 103 120",
        hits=case.others_word,
    ),
    Rule(
        id="BR-055",
        severity=_F,
        needs="case",
        message="The result is said to be final, but measure {measure} has no outcome.",
        remedy="Add a MeasureResult for it, or set Final to false.",
        source="BUD 27(7), EIO 16",
        hits=case.no_outcome,
    ),
    Rule(
        id="BR-058",
        severity=_E,
        needs="case",
        message="The item {item} has to be returned and was not yet.",
        remedy="Return it (ReturnNotice), or have its return waived, before the case is closed.",
        source="ETS30 6(2)",
        hits=case.not_returned,
    ),
    Rule(
        id="BR-059",
        severity=_E,
        needs="case",
        message="Measure {measure} cannot be withdrawn any more: it is {state}.",
        remedy="Take it out of the withdrawal; for material already sent, say what becomes of it.",
        source="UNTOC 18(24), UNCAC 46(24)",
        hits=case.already_final,
    ),
    Rule(
        id="BR-060",
        severity=_W,
        needs="profile",
        message="Confidentiality is asked for, but the law of {recipient} makes it inform the person concerned.",
        remedy="Expect ConfidentialityCannotBeKept, and decide now whether it should proceed then (StopIfImpossible).",
        source="UNCAC 46(20), BUD 27(8)",
        hits=profile.not_confidential,
    ),
    Rule(
        id="BR-061",
        severity=_W,
        needs="profile",
        message="The loss of {amount} is below {least}, from which on the recipient takes up a case.",
        remedy="Show why the matter is important all the same, or consult first.",
        source="UNCAC 46(9)(b); profile of the recipient",
        hits=profile.de_minimis,
    ),
    Rule(
        id="BR-064a",
        severity=_F,
        needs="case",
        message="A copy goes to {copy}, but the evidence may not be passed on.",
        remedy="Ask the owner with a UseConsentRequest, or take the copy out.",
        source="UNCAC 46(19); RPD 58",
        hits=case.onward,
    ),
    Rule(
        id="PR-001",
        severity=_F,
        needs="profile",
        message="{recipient} does not take formal messages electronically.",
        remedy="Send the original on paper; a DraftForConsultation or a StatusInquiry may be sent here.",
        source="UNCAC 46(14), ETS30 15(9); profile of the recipient",
        hits=profile.not_electronic,
    ),
    Rule(
        id="PR-002",
        severity=_E,
        needs="profile",
        message="The recipient wants a {document} with a measure {measure}, and none is attached.",
        remedy="Attach the document, with its DocumentType.",
        source="UNCAC 46(16); profile of the recipient",
        hits=profile.documents,
    ),
)


def check(context: Context) -> Iterator[Finding]:
    """Every finding of every rule; after `FINDINGS_MAX` one that says that there may be more."""
    paths, left = ElementPaths(), FINDINGS_MAX
    for rule in RULES:
        for finding in rule.check(context, paths):
            if not left:
                yield MORE
                return
            left -= 1
            yield finding
