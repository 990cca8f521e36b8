"""Rules about time, and about instruments in force on a day."""

from collections.abc import Iterator

from emla.formats.xml import text_of
from emla.rules.context import Context, read_day
from emla.rules.rule import Hit

PERIOD_DAYS_MAX = 366
"""A longer period of electronic data looks overbroad unless it is justified."""
_UNIVERSAL = frozenset({"UNCAC", "UNTOC", "BUD"})


def _states(context: Context) -> tuple[str, str]:
    sender = context.text("MessageHeader/Sender/TerritoryCode") or context.text(
        "MessageHeader/Sender/CountryCode"
    )
    recipient = context.text("MessageHeader/Recipient/TerritoryCode") or context.text(
        "MessageHeader/Recipient/CountryCode"
    )
    return sender, recipient


def not_in_force(context: Context) -> Iterator[Hit]:
    """An instrument relied on that is not in force between the two States on the day of issue."""
    if context.instruments is None:
        return
    one, other = _states(context)
    on = context.message.issued_at.date()
    for basis in context.all("LegalBasis"):
        instrument = context.text("InstrumentCode", basis)
        why = context.instruments.why_not(instrument, one, other, on)
        if why:
            yield Hit(basis, {"instrument": instrument, "why": why})


def closer_treaty(context: Context) -> Iterator[Hit]:
    """UNCAC, UNTOC or BUD as the primary basis where a treaty on mutual assistance binds both States."""
    if context.instruments is None:
        return
    one, other = _states(context)
    closer = context.instruments.closer(one, other, context.message.issued_at.date())
    for basis in context.all("LegalBasis"):
        instrument = context.text("InstrumentCode", basis)
        if closer and instrument in _UNIVERSAL and context.text("HandledAs", basis) == "PRIMARY":
            yield Hit(basis, {"instrument": instrument, "closer": ", ".join(closer)})


def preservation_over(context: Context) -> Iterator[Hit]:
    """Data asked for whose preservation has ended by today."""
    if context.terms.today is None:
        return
    for measure in context.all("Measure"):
        if context.text("MeasureType", measure) == "ESD_ACCESS":
            for until in context.all("ElectronicDataBlock/PreservedUntil", measure):
                end = read_day(text_of(until))
                if end and context.message.issued_at.date() <= end < context.terms.today:
                    yield Hit(until, {"date": end.isoformat()})


def overbroad(context: Context) -> Iterator[Hit]:
    """A long period of electronic data without a word about why."""
    for path in ("Measure/ElectronicDataBlock", "ElectronicDataBlock"):
        for block in context.all(path):
            begin, end = (
                read_day(context.text("TimeRange/Begin", block)),
                read_day(context.text("TimeRange/End", block)),
            )
            if (
                begin
                and end
                and (end - begin).days > PERIOD_DAYS_MAX
                and not context.text("PeriodJustification", block)
            ):
                yield Hit(block, {"days": str((end - begin).days), "most": str(PERIOD_DAYS_MAX)})
