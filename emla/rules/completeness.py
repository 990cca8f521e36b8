"""How complete a request is: which of the items that its measures ask for are there (docs/reference/completeness.md).

Here: the table of items and the count. Rules of this file:
- An item counts once for each element it is about; an item that does not apply is not counted at all. So the score of a request
  is comparable with nothing but the same request, before and after it was mended.
- Required is what a treaty cited in the source lists; wished is what spares a question. Whether a request may be sent is decided
  by the rules, never by the score.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lxml import etree

from emla.formats.xml import ElementPaths
from emla.rules.context import Context

Asks = Callable[[Context, etree._Element], bool]
When = Callable[[Context], bool]
_COERCIVE = frozenset(
    {
        "SEARCH_SEIZURE", "EVIDENCE_FREEZE", "BANK_ACCOUNT_IDENT", "BANK_RECORDS", "BANK_MONITORING", "ASSET_FREEZE",
        "CONFISCATION_ORDER_OBTAIN", "CONFISCATION_ORDER_ENFORCE", "ESD_PARTIAL_TRAFFIC", "ESD_ACCESS", "ESD_SUBSCRIBER",
        "ESD_EMERGENCY", "RT_TRAFFIC", "RT_CONTENT",
    }
)  # fmt: skip
_BLOCKS = {
    "ElectronicDataBlock": ("ESD_", "RT_"),
    "BankBlock": ("BANK_",),
    "HearingBlock": ("HEARING_",),
    "CustodyTransferBlock": ("TEMP_TRANSFER",),
    "ServiceBlock": ("SERVICE_",),
    "JITBlock": ("JIT_",),
}
_QUOTED_CHARACTERS = 200
"""So long a text of provisions quotes the law (BR-012a)."""
_SOUGHT = frozenset({"SUSPECT", "ACCUSED", "CONVICTED"})


def _always(context: Context, element: etree._Element) -> bool:
    return True


def _whenever(context: Context) -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Something a request should say."""

    what: str
    source: str
    required: bool
    about: str
    """Path of the elements it is about; empty: the request."""
    there: Asks
    applies: Asks = _always
    when: When = _whenever
    """Whether the item is asked of this request at all; answered once for all the elements it is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """An item that is not there."""

    what: str
    source: str
    required: bool
    line: int | None
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Completeness:
    """The count."""

    required: int
    required_there: int
    wished: int
    wished_there: int
    missing: tuple[Missing, ...]

    @property
    def percent(self) -> int:
        """The share of the required items that are there, rounded down: 100 means all."""
        return 100 * self.required_there // self.required if self.required else 100


def _has(path: str) -> Asks:
    return lambda context, element: any(
        "".join(map(str, each.itertext())).strip() for each in context.all(path, element)
    )


def _any(*paths: str) -> Asks:
    asks = [_has(path) for path in paths]
    return lambda context, element: any(ask(context, element) for ask in asks)


def _kind(context: Context, measure: etree._Element) -> str:
    return context.text("MeasureType", measure)


def _coercive(context: Context, measure: etree._Element) -> bool:
    return context.says("Coercive", measure) or (
        not context.text("Coercive", measure) and _kind(context, measure) in _COERCIVE
    )


def _any_coercive(context: Context) -> bool:
    return any(_coercive(context, each) for each in context.all("Measure"))


def _more_than_service(context: Context, element: etree._Element) -> bool:
    return any(_kind(context, each) != "SERVICE_DOCUMENTS" for each in context.all("Measure"))


def _block(context: Context, measure: etree._Element) -> str:
    kind = _kind(context, measure)
    return next((name for name, begins in _BLOCKS.items() if kind.startswith(begins)), "")


def _block_there(context: Context, measure: etree._Element) -> bool:
    return context.first(_block(context, measure), measure) is not None


def _sought(context: Context, person: etree._Element) -> bool:
    return context.text("PersonRole", person) in _SOUGHT and context.first("Natural", person) is not None


def _law_there(context: Context, offence: etree._Element) -> bool:
    quoted = len(context.text("StatutoryProvisions", offence)) > _QUOTED_CHARACTERS
    return quoted or bool(context.text("ProvisionTextAttachment", offence))


def _natural(context: Context, person: etree._Element) -> bool:
    return context.first("Natural", person) is not None


ITEMS: tuple[Item, ...] = (
    Item(what="authority that makes the request, with a contact", source="UNCAC 46(15)(a)", required=True,
         about="", there=_has("MessageHeader/Sender/Contact")),
    Item(what="authority that conducts the proceeding, with its functions", source="UNCAC 46(15)(b)", required=True,
         about="", there=_has("Proceeding/ConductingAuthority/Functions")),
    Item(what="subject matter and stage of the proceeding", source="UNCAC 46(15)(b)", required=True,
         about="", there=_has("Proceeding/Stage")),
    Item(what="summary of the facts", source="UNCAC 46(15)(c)", required=True,
         about="", there=_has("FactSummary/Paragraph"), applies=_more_than_service),
    Item(what="offence", source="UNCAC 46(15)(b), ETS30 14(2)", required=True,
         about="", there=_has("Offence"), applies=_more_than_service),
    Item(what="purpose for which the evidence is sought", source="UNCAC 46(15)(f)", required=True,
         about="", there=_has("Purpose")),
    Item(what="description of the assistance", source="UNCAC 46(15)(d)", required=True,
         about="Measure", there=_has("Description")),
    Item(what="target of the measure", source="UNCAC 46(15)(d)-(e)", required=True, about="Measure", there=_has("Target")),
    Item(what="why the measure is necessary", source="BUD 29(2)(e), CETS198 37", required=True,
         about="Measure", there=_has("NecessityStatement")),
    Item(what="particulars of this kind of measure", source="treaty article of the measure", required=True,
         about="Measure", there=_block_there, applies=lambda context, measure: bool(_block(context, measure))),
    Item(what="that your own law provides for the measure", source="CETS198 37(1)(d)(ii)", required=True,
         about="Measure", there=_has("AvailableInOwnLaw"), applies=_coercive),
    Item(what="statutory provisions", source="CETS198 37(1)(d)(i)", required=True,
         about="Offence", there=_has("StatutoryProvisions")),
    Item(what="text of the law", source="CETS198 37(1)(d)(i)", required=True,
         about="Offence", there=_law_there, when=_any_coercive),
    Item(what="maximum penalty", source="ETS24 11", required=True, about="Offence", there=_has("MaximumPenalty")),
    Item(what="nationality, or that it is unknown", source="UNCAC 46(15)(e)", required=True,
         about="Person", there=_any("Natural/Nationality", "Natural/NationalityUnknown"), applies=_natural),
    Item(what="how each measure is linked to the facts", source="BUD 29(2)(c)", required=False,
         about="Measure", there=_has("NexusToFacts")),
    Item(what="judicial authorisation", source="law of most requested States", required=False,
         about="Measure", there=_has("JudicialAuthorisationRef"), applies=_coercive),
    Item(what="what links the facts to the requested State", source="UNCAC 46(15)(c)", required=False,
         about="", there=_has("FactSummary/NexusToRequestedState"), applies=_more_than_service),
    Item(what="time zone or office hours of a contact", source="T-CY template", required=False,
         about="", there=_any("MessageHeader/Sender/Contact/TimeZone", "MessageHeader/Sender/Contact/OfficeHours")),
    Item(what="date of birth", source="UNCAC 46(15)(e)", required=False,
         about="Person", there=_has("Natural/BirthDate"), applies=_sought),
    Item(what="address or whereabouts", source="UNCAC 46(15)(e), ETS30 14(1)(c)", required=False,
         about="Person", there=_has("Natural/Address"), applies=_sought),
    Item(what="place of the offence", source="ETS30 14(2)", required=False, about="Offence", there=_has("Place")),
    Item(what="legal remedies, or that there are none", source="EIO Annex A section J", required=False,
         about="", there=_has("LegalRemedyInfo")),
)  # fmt: skip


def completeness(context: Context) -> Completeness | None:
    """Count the items; None for a message that asks for no measure."""
    if context.first("Measure") is None:
        return None
    counted = {True: [0, 0], False: [0, 0]}
    missing: list[Missing] = []
    paths = ElementPaths()
    for item, element in _applying(context):
        counted[item.required][0] += 1
        if item.there(context, element):
            counted[item.required][1] += 1
        else:
            missing.append(
                Missing(
                    what=item.what,
                    source=item.source,
                    required=item.required,
                    line=element.sourceline,
                    path=paths.of(element),
                )
            )
    return Completeness(
        required=counted[True][0],
        required_there=counted[True][1],
        wished=counted[False][0],
        wished_there=counted[False][1],
        missing=tuple(sorted(missing, key=lambda each: not each.required)),
    )


def _applying(context: Context) -> Iterator[tuple[Item, etree._Element]]:
    for item in ITEMS:
        if not item.when(context):
            continue
        elements = context.all(item.about) if item.about else iter((context.document.root,))
        for element in elements:
            if item.applies(context, element):
                yield item, element
