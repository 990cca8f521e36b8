"""What the recipient's profile says it wants: languages, documents, thresholds, time, electronic transmission."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation

from emla.formats.xml import text_of
from emla.model.documents import Profile
from emla.model.requirements import SERVICE_DAYS_MAX, Electronic
from emla.model.terms import Wishes
from emla.rules.context import Context, read_day
from emla.rules.rule import Hit

_URGENT = frozenset({"URGENT", "EMERGENCY"})
_INFORMAL = frozenset({"DraftForConsultation", "StatusInquiry"})
_NOT_ELECTRONIC = frozenset({Electronic.NOT_ACCEPTED.value, "no", "none", "notaccepted", "not accepted"})
_TEXT_OF_A_REQUEST = frozenset({"FACTS_STATEMENT", "OTHER"})
"""As what the text of a message is attached, to be translated; the translation of a court order is none of the request."""
_ACCUSED = frozenset({"ACCUSED", "SUSPECT"})


def wishes_of(profile: Profile) -> Wishes:
    """What a profile says, in the form in which the rules ask it."""
    wanted = profile.requirements
    least = wanted.de_minimis
    return Wishes(
        languages=profile.languages,
        urgent_languages=wanted.urgent_languages,
        accepts_electronic=profile.electronic_acceptance.casefold() not in _NOT_ELECTRONIC,
        documents=tuple((measure, each) for measure, documents in wanted.documents for each in documents),
        de_minimis=(least.amount, least.currency) if least else None,
        service_days=wanted.service_days,
        reply_days=wanted.reply_days,
        informs_subjects=bool(wanted.informs_subjects),
    )


def _accepted(language: str, accepted: tuple[str, ...]) -> bool:
    primary = language.lower().partition("-")[0]
    return any(primary == each.lower().partition("-")[0] for each in accepted)


def _languages(context: Context) -> tuple[str, ...]:
    wishes = context.terms.wishes
    if wishes is None:
        return ()
    urgent = context.text("Urgency/UrgencyLevel") in _URGENT
    return wishes.urgent_languages if urgent and wishes.urgent_languages else wishes.languages


def not_electronic(context: Context) -> Iterator[Hit]:
    """A formal message to an authority that does not take them electronically."""
    wishes = context.terms.wishes
    if wishes and not wishes.accepts_electronic and context.message.message_type not in _INFORMAL:
        yield Hit(context.first("MessageHeader/Recipient"), {"recipient": context.message.recipient})


def translation(context: Context) -> Iterator[Hit]:
    """A message in a language the recipient does not accept, without a translation into one it does."""
    accepted, message = _languages(context), context.message
    if not accepted or _accepted(message.language, accepted):
        return
    texts = {each.attachment_id for each in message.attachments if each.document_type in _TEXT_OF_A_REQUEST}
    translations = (
        each
        for each in message.attachments
        if each.document_type == "TRANSLATION" and (not each.translation_of or each.translation_of in texts)
    )
    if not any(_accepted(each.language, accepted) for each in translations):
        values = {"language": message.language, "accepted": ", ".join(accepted)}
        yield Hit(context.first("MessageHeader/Language"), values)


def documents(context: Context) -> Iterator[Hit]:
    """Documents the recipient asks for with a measure."""
    wishes = context.terms.wishes
    if wishes is None or not wishes.documents:
        return
    there = {each.document_type for each in context.message.attachments}
    missing: dict[str, list[str]] = {}
    for measure, document in wishes.documents:
        if document not in there:
            missing.setdefault(measure, []).append(document)
    for element in context.all("Measure"):
        kind = context.text("MeasureType", element)
        for document in missing.get(kind, ()):
            yield Hit(element, {"measure": kind, "document": document})


def _after(day: date, days: int) -> date:
    """So many days later. A message may claim to be issued on the last day there is."""
    return date.max if (date.max - day).days < days else day + timedelta(days=days)


def too_soon(context: Context) -> Iterator[Hit]:
    """A deadline sooner than the recipient can promise an answer."""
    wishes = context.terms.wishes
    if wishes is None or wishes.reply_days is None:
        return
    earliest = _after(context.day, wishes.reply_days)
    for path in ("Measure/DeadlineRequested", "DeadlineRequested"):
        for deadline in context.all(path):
            wanted = read_day(context.text("Date", deadline))
            if wanted and wanted < earliest:
                yield Hit(deadline, {"date": wanted.isoformat(), "earliest": earliest.isoformat()})


def hearing_too_soon(context: Context) -> Iterator[Hit]:
    """A summons to an accused that cannot arrive in the time the recipient declared."""
    wishes = context.terms.wishes
    if wishes is None or wishes.service_days is None:
        return
    days = min(wishes.service_days, SERVICE_DAYS_MAX)
    earliest = _after(context.day, days)
    accused = {
        context.text("PersonId", each)
        for each in context.all("Person")
        if context.text("PersonRole", each) in _ACCUSED
    }
    served = {context.text("PersonRef", each) for each in context.all("Addressee")}
    dates = list(context.all("ServedDocument/HearingDate")) if served & accused else []
    for block in context.all("Measure/ServiceBlock"):
        if context.text("PersonRef", block) in accused:
            dates.extend(context.all("HearingDate", block))
    for each in dates:
        hearing = read_day(text_of(each))
        if hearing and hearing < earliest:
            values = {"date": hearing.isoformat(), "days": str(days), "earliest": earliest.isoformat()}
            yield Hit(each, values)


def de_minimis(context: Context) -> Iterator[Hit]:
    """A loss below what the recipient takes up."""
    wishes = context.terms.wishes
    loss = context.first("FactSummary/LossAmount")
    if wishes is None or wishes.de_minimis is None or loss is None:
        return
    least, currency = wishes.de_minimis
    try:
        amount = Decimal(context.text("Amount", loss))
    except InvalidOperation:
        return
    if context.text("Currency", loss) == currency and amount < least:
        yield Hit(loss, {"amount": f"{amount} {currency}", "least": f"{least} {currency}"})


def not_confidential(context: Context) -> Iterator[Hit]:
    """Confidentiality asked of an authority whose law makes it inform the person concerned."""
    wishes = context.terms.wishes
    if wishes and wishes.informs_subjects and context.says("Handling/ConfidentialityRequested"):
        yield Hit(
            context.first("Handling/ConfidentialityRequested"), {"recipient": context.message.recipient}
        )
