"""What would slip past a rule in another form, and what a rule must not accuse because it only looks wrong."""

import pytest

from tests.unit.rules.broken import _HEARD, DECISION, EMERGENCY, SERVICE, Broken, _kind, _request
from tests.unit.rules.test_rule_files import found

_COPY = "<CopyTo><CountryCode>{country}</CountryCode>{territory}<AuthorityId>{id}</AuthorityId></CopyTo><RequestingReference>"
_DEADLINE = "<DeadlineRequested><c:Date>2026-06-21</c:Date><c:Reason>r</c:Reason></DeadlineRequested>"
_MODE = ("<HearingBlock>", "<HearingBlock><HearingMode>{}</HearingMode>")


def copy(
    handling: str,
    *,
    country: str = "US",
    id_: str = "us.doj",
    territory: str = "",
    also: tuple[str, ...] = (),
) -> Broken:
    """A request with a copy to somebody, and a word about who may see it."""
    place = f"<TerritoryCode>{territory}</TerritoryCode>" if territory else ""
    return _request(
        ("<RequestingReference>", _COPY.format(country=country, territory=place, id=id_)),
        ("</Handling>", f"{handling}</Handling>"),
        also=also,
    )


def heard(mode: str, kind: str) -> Broken:
    """An accused person who is to be heard in some way, and of whose consent nothing is said."""
    block = _HEARD.format(person="P1", consent="").replace(_MODE[0], _MODE[1].format(mode))
    return _request(*_kind(kind, block))


@pytest.mark.parametrize(
    ("rule", "document"),
    [
        ("BR-064", copy("<NotReleasableTo>US</NotReleasableTo>")),
        ("BR-064", copy("<NotReleasableTo> us </NotReleasableTo>")),
        ("BR-064", copy("<NotReleasableTo>US.DOJ</NotReleasableTo>")),
        ("BR-064", copy("<NotReleasableTo>CN-HK</NotReleasableTo>", country="CN", id_="hk.doj", territory="CN-HK")),
        ("BR-064", copy("<ReleasableToCountry>US</ReleasableToCountry><NotReleasableTo>us.doj</NotReleasableTo>")),
        ("BR-064", copy("<ReleasableToCountry>FR</ReleasableToCountry>")),
        ("BR-064b", _request(("</Handling>", "<NotReleasableTo>NL</NotReleasableTo></Handling>"))),
        (
            "BR-037",
            Broken(DECISION, (("<GroundCode>POLITICAL_OFFENCE</GroundCode>", "<PostponementGround>OTHER</PostponementGround>"),)),
        ),
        ("BR-039", Broken(DECISION, (("<ExpectedUnknown>true", "<ExpectedUnknown>false"),))),
        ("BR-020", Broken(SERVICE, (("<SummaryForAuthority>", f"{_DEADLINE}<SummaryForAuthority>"),))),
        ("BR-020", Broken(EMERGENCY, (("<EmergencyFacts>", f"{_DEADLINE}<EmergencyFacts>"),))),
        ("BR-029", heard("VIDEO", "EVID_WITNESS_STATEMENT")),
        ("BR-029", heard("IN_PERSON", "HEARING_VIDEO")),
    ],
)  # fmt: skip
def test_a_rule_is_not_evaded_by_another_form(rule: str, document: Broken) -> None:
    assert found(document.text()) == [rule]


@pytest.mark.parametrize(
    "document",
    [
        copy("<ReleasableToCountry>US</ReleasableToCountry>"),
        copy("<ReleasableTo>fr.moj</ReleasableTo><ReleasableToCountry>US</ReleasableToCountry>"),
        copy("<NotReleasableTo>FR</NotReleasableTo><NotReleasableTo>us.fbi</NotReleasableTo>"),
        heard("IN_PERSON", "EVID_WITNESS_STATEMENT"),
        Broken(
            DECISION, (("<PostponementGround>OTHER</PostponementGround>", "<GroundCode>OTHER</GroundCode>"),)
        ),
    ],
)
def test_what_is_in_order_is_not_accused(document: Broken) -> None:
    assert found(document.text()) == []
