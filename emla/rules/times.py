"""Rules about time, and about instruments in force on a day."""

import re
from collections.abc import Iterator

from emla.formats.xml import text_of
from emla.rules.context import Context, Place, read_day
from emla.rules.rule import Hit

PERIOD_DAYS_MAX = 366
"""A longer period of electronic data looks overbroad unless it is justified."""
_PROCEDURE = {
    "UNCAC": re.compile(r"46\((9|1[0-9]|2[0-9])\).*"),
    "UNTOC": re.compile(r"18\((9|1[0-9]|2[0-9])\).*"),
    "BUD": re.compile(r"2[78](\(.*)?"),
}
"""The articles on procedure, which stand back behind a treaty on mutual assistance; the rest of these conventions does not."""


def _places(context: Context) -> tuple[Place, Place]:
    sender, recipient = (
        (
            context.text(f"MessageHeader/{each}/CountryCode"),
            context.text(f"MessageHeader/{each}/TerritoryCode"),
        )
        for each in ("Sender", "Recipient")
    )
    return sender, recipient


def no_country(context: Context) -> Iterator[Hit]:
    """A country code that ISO 3166-1 does not have: every question about treaties would be asked of nobody."""
    if context.instruments is None:
        return
    for role in ("Sender", "Recipient", "CopyTo"):
        for each in context.all(f"MessageHeader/{role}/CountryCode"):
            if not context.instruments.is_country(text_of(each)):
                yield Hit(each, {"code": text_of(each)})


def not_in_force(context: Context) -> Iterator[Hit]:
    """An instrument relied on that is not in force between the two States on the day of issue."""
    if context.instruments is None:
        return
    one, other = _places(context)
    if not all(context.instruments.is_country(country) for country, _ in (one, other)):
        return  # what binds nobody is no question; BR-002a has said so
    on = context.message.issued_at.date()
    for basis in context.all("LegalBasis"):
        instrument = context.text("InstrumentCode", basis)
        why = context.instruments.why_not(instrument, one, other, on)
        if why:
            yield Hit(basis, {"instrument": instrument, "why": why})


def closer_treaty(context: Context) -> Iterator[Hit]:
    """The procedure of UNCAC, UNTOC or BUD as the primary one where a treaty on mutual assistance binds both States."""
    if context.instruments is None or context.first("Measure") is None:
        return
    for basis in context.all("LegalBasis"):
        instrument = context.text("InstrumentCode", basis)
        procedure = _PROCEDURE.get(instrument)
        if procedure is None or context.text("HandledAs", basis) != "PRIMARY":
            continue
        if any(procedure.fullmatch(text_of(each)) for each in context.all("Article", basis)):
            one, other = _places(context)
            closer = context.instruments.closer(one, other, context.message.issued_at.date())
            if closer:
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
