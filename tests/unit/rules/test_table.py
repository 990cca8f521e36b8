"""Every rule that needs more than the document finds what breaks it, and nothing where all is in order or nothing is known."""

import re
from dataclasses import dataclass, replace
from datetime import date, timedelta

import pytest
from lxml import etree

from emla.formats.message import read_message
from emla.formats.xml import XmlDocument, parse_xml
from emla.model.limits import XmlLimits
from emla.model.terms import CaseFacts, Terms, Wishes
from emla.rules.context import Context, Place
from emla.rules.rule import Rule
from emla.rules.table import RULES, check
from tests.support.sample_case import changed, s01
from tests.unit.rules.broken import BROKEN, message

TODAY = date(2026, 6, 22)
WISHES = Wishes(
    languages=("nl", "en"),
    documents=(("SEARCH_SEIZURE", "COURT_ORDER"),),
    de_minimis=(500, "JPY"),
    service_days=30,
    reply_days=20,
)
CASE = CaseFacts(
    requesting="jp.moj", instruments=("UNCAC",), measures={"M1": "IN_EXECUTION", "M2": "EXECUTED"}
)
PLAIN = Terms(sending=True, today=TODAY, wishes=WISHES, case=CASE)


class Treaties:
    """Two States between which one treaty is not in force, and another is closer than UNCAC."""

    def is_country(self, code: str) -> bool:
        return code in ("JP", "NL")

    def why_not(self, instrument: str, one: Place, other: Place, on: date) -> str:
        assert (one, other) == (("JP", ""), ("NL", ""))
        return "NL is not a party." if instrument == "HARARE" and on == TODAY else ""

    def closer(self, one: Place, other: Place, on: date) -> tuple[str, ...]:
        return ("EU-JP-2009",)


@dataclass(frozen=True, slots=True)
class Breaks:
    """A message in certain terms that breaks one rule."""

    data: bytes
    terms: Terms = PLAIN


def found(data: bytes, terms: Terms, *, instruments: bool = True) -> list[str]:
    request = read_message(parse_xml(s01(), XmlLimits()))
    root = etree.fromstring(data)
    if data.startswith(b"<?xml"):
        request = read_message(parse_xml(data, XmlLimits()))
    request = replace(request, message_type=etree.QName(root).localname)
    if generation := root.findtext(".//{*}Generation"):
        request = replace(request, generation=int(generation))
    if sender := root.findtext(".//{*}Sender/{*}AuthorityId"):
        request = replace(request, sender=sender)
    document = XmlDocument(root=root, size_bytes=len(data))
    context = Context(
        document=document, message=request, terms=terms, instruments=Treaties() if instruments else None
    )
    return [each.rule for each in check(context)]


def other(name: str, family: str, body: str, sender: str = "nl.moj") -> bytes:
    text = message(name, family, body)
    head = f"<c:MessageType>{name}</c:MessageType><c:Generation>3</c:Generation>"
    return text.replace("<c:Sender>", f"{head}<c:Sender><c:AuthorityId>{sender}</c:AuthorityId>").encode()


def wishing(**changes: object) -> Terms:
    return replace(PLAIN, wishes=replace(WISHES, **changes))  # type: ignore[arg-type]  # as given


def in_case(**changes: object) -> Terms:
    return replace(PLAIN, case=replace(CASE, **changes))  # type: ignore[arg-type]  # as given


REFUSED = "<MeasureDecision><GroundCode>{}</GroundCode></MeasureDecision>"
COPY = "<RequestingReference>"
COPIED = f"<CopyTo><AuthorityId>nl.om</AuthorityId></CopyTo>{COPY}"
SERVED = (
    "<c:Person><c:PersonId>P1</c:PersonId><c:PersonRole>ACCUSED</c:PersonRole></c:Person>"
    "<Addressee><PersonRef>P1</PersonRef></Addressee><ServedDocument><HearingDate>{}</HearingDate></ServedDocument>"
)
IBAN = "<BankBlock><Account><Iban>NL91ABNA0417164301</Iban></Account></BankBlock></Measure>"

BREAKS = {
    "BR-005": Breaks(changed("EU-JP-2009", "HARARE")),
    "BR-006": Breaks(changed("EU-JP-2009</InstrumentCode>\n  <Article>8<", "UNCAC</InstrumentCode><Article>46(15)<")),
    "BR-015": Breaks(s01(), wishing(languages=("nl", "fr"), urgent_languages=("en",))),
    "BR-002a": Breaks(changed("<CountryCode>JP", "<CountryCode>UK")),
    "BR-020a": Breaks(s01(), wishing(reply_days=60)),
    "BR-023b": Breaks(s01(), replace(PLAIN, today=date(2026, 8, 22), wishes=None)),
    "BR-025": Breaks(changed("<IdentifierType>DEVICE_ID", "<IdentifierType>IMEI")),
    "BR-026": Breaks(changed("<Begin>2026-03-01", "<Begin>2024-03-01")),
    "BR-034": Breaks(other("Decision", "reply", REFUSED.format("BANK_SECRECY"))),
    "BR-034a": Breaks(other("Decision", "reply", REFUSED.format("BANK_SECRECY")), in_case(instruments=("ETS30",))),
    "BR-035": Breaks(other("Decision", "reply", REFUSED.format("FISCAL_OFFENCE"))),
    "BR-040": Breaks(changed(COPY, COPIED), in_case(use_limits=("INTELLIGENCE_ONLY",))),
    "BR-041": Breaks(
        other("RestrictionChange", "use", "<NewHandling/>"), in_case(use_limits=("INTELLIGENCE_ONLY",), owner="jp.moj")
    ),
    "BR-043": Breaks(other("ServiceRequest", "request", SERVED.format("2026-07-21"))),
    "BR-048": Breaks(s01(), in_case(arrested_on=TODAY - timedelta(days=16))),
    "BR-051": Breaks(s01(), in_case(received_on=TODAY - timedelta(days=8))),
    "BR-052": Breaks(
        other("SupplementaryInformation", "dialogue", "<Answer><QuestionId>Q1</QuestionId></Answer>", "jp.moj"),
        in_case(open_questions=("Q1", "Q2")),
    ),
    "BR-053": Breaks(other("RequestUpdate", "dialogue", "", "jp.moj"), in_case(generation=1)),
    "BR-054": Breaks(other("Decision", "reply", "", "jp.moj")),
    "BR-055": Breaks(other("ResultTransmission", "result", "<Final>true</Final>")),
    "BR-058": Breaks(other("ClosureNotice", "dialogue", ""), in_case(items_to_return=("I1",))),
    "BR-059": Breaks(other("Withdrawal", "dialogue", "<MeasureId>M2</MeasureId>", "jp.moj")),
    "BR-060": Breaks(s01(), wishing(informs_subjects=True)),
    "BR-061": Breaks(s01(), wishing(de_minimis=(10**12, "JPY"))),
    "BR-064a": Breaks(
        changed(COPY, COPIED).replace(b"STATED_PROCEEDINGS_ONLY", b"NO_ONWARD_TRANSFER"),
        in_case(use_limits=("NO_ONWARD_TRANSFER",)),
    ),
    "PR-001": Breaks(s01(), wishing(accepts_electronic=False)),
    "PR-002": Breaks(s01(), wishing(documents=(("ESD_ACCESS", "AFFIDAVIT"),))),
}  # fmt: skip
IN_ORDER = (
    s01(),
    other("ServiceRequest", "request", SERVED.format("2026-07-22")),
    other("Decision", "reply", REFUSED.format("FISCAL_OFFENCE</GroundCode><GroundCode>OTHER")),
    other("ResultTransmission", "result", "<MeasureResult><MeasureId>M1</MeasureId></MeasureResult><Final>true</Final>"),
    other("Withdrawal", "dialogue", "<MeasureId>M1</MeasureId>", "jp.moj"),
)  # fmt: skip


def test_every_rule_of_the_table_has_a_message_that_breaks_it() -> None:
    assert set(BREAKS) == {each.id for each in RULES}
    assert len({each.id for each in RULES}) == len(RULES)


def test_what_is_in_order_has_no_findings() -> None:
    assert [found(each, PLAIN) for each in IN_ORDER] == [[]] * len(IN_ORDER)


@pytest.mark.parametrize("rule", sorted(BREAKS))
def test_the_rule_finds_what_breaks_it_and_no_other_does(rule: str) -> None:
    """Without the rule the message would pass."""
    assert found(BREAKS[rule].data, BREAKS[rule].terms) == [rule]


@pytest.mark.parametrize("rule", [each for each in RULES if each.needs != "values"], ids=lambda each: each.id)
def test_where_its_matter_is_not_known_a_rule_finds_nothing(rule: Rule) -> None:
    unknown = Terms(sending=True)
    assert rule.id not in found(BREAKS[rule.id].data, unknown, instruments=False)


@pytest.mark.parametrize("rule", RULES, ids=lambda each: each.id)
def test_every_row_says_how_to_mend_it_and_where_it_comes_from(rule: Rule) -> None:
    assert rule.message.endswith((".", "}"))
    assert rule.remedy.endswith(".")
    assert len(rule.source) > 3
    assert not re.search(r"\{(?![a-z]+\})", rule.message)


def test_together_with_the_files_every_number_from_1_to_66_is_there() -> None:
    numbers = {
        int(each[3:6]) for each in (*BROKEN, *BREAKS, "BR-001", "BR-002", "BR-056") if each.startswith("BR-")
    }
    assert numbers == set(range(1, 67))


@pytest.mark.parametrize(
    ("kind", "right", "wrong"),
    [
        ("IMEI", "490154203237518", "490154203237519"),
        ("IBAN", "NL91 ABNA 0417 1643 00", "NL91 ABNA 0417 1643 01"),
        ("PHONE_E164", "+31 70 555 0190", "070 555 0190"),
        ("EMAIL", "a.b@example.org", "a.b@example"),
        ("IPV6_WITH_TIME", "2001:db8::7", "2001:db8:::7"),
        ("IPV4_WITH_PORT_AND_TIME", "203.0.113.88", "203.0.113.256"),
        ("DOMAIN", "xn--bcher-kva.example", "https://example.org"),
        ("MAC", "00:1B:44:11:3A:B7", "00:1B:44:11:3A"),
        ("ICCID", "8944110068150270005", "89441100681"),
        ("IMSI", "310150123456789", "3101501234567"),
    ],
)
def test_identifiers_are_judged_by_their_kind(kind: str, right: str, wrong: str) -> None:
    for value, expected in ((right, []), (wrong, ["BR-025"])):
        data = changed(
            "<IdentifierType>DEVICE_ID</IdentifierType>\n    <IdentifierValue>nl-ams-417<",
            f"<IdentifierType>{kind}</IdentifierType><IdentifierValue>{value}<",
        )
        assert found(data, PLAIN) == expected


def test_an_account_number_with_wrong_check_digits_is_found() -> None:
    assert found(changed("<ElectronicDataBlock>", f"{IBAN[:-10]}<ElectronicDataBlock>"), PLAIN) == ["BR-025"]
