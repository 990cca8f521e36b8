from datetime import date

import pytest

from emla.model.instrument import (
    Answer,
    DatedFact,
    InForce,
    Instrument,
    InstrumentKind,
    Party,
    Place,
    in_force,
)

ON = date(2026, 6, 1)
NL, JP, FR, DE, US, CA = (Place(state=code) for code in ("NL", "JP", "FR", "DE", "US", "CA"))


def party(
    state: str,
    since: str = "2010-01-01",
    until: str = "",
    side: str = "",
    *,
    verified: bool = True,
    territories: dict[str, str] | None = None,
) -> Party:
    return Party(
        state=state,
        since=date.fromisoformat(since),
        until=date.fromisoformat(until) if until else None,
        side=side,
        territories={
            code: DatedFact(day=date.fromisoformat(day), verified=verified)
            for code, day in (territories or {}).items()
        },
        verified=verified,
    )


def instrument(
    *parties: Party,
    kind: InstrumentKind = InstrumentKind.CONVENTION,
    force: str = "2005-01-01",
    covers: set[str] | None = None,
) -> Instrument:
    return Instrument(
        code="CONV",
        kind=kind,
        title="A convention",
        source="depositary",
        note="",
        opened_for_signature=None,
        entry_into_force=DatedFact(day=date.fromisoformat(force), verified=True) if force else None,
        covers=None if covers is None else frozenset(covers),
        parties=parties,
        declarations=(),
        articles={},
    )


def ask(what: Instrument, one: Place = NL, other: Place = JP, on: date = ON) -> InForce:
    found = in_force(what, one, other, on)
    turned = in_force(what, other, one, on)
    assert (found.answer, found.since, found.verified) == (turned.answer, turned.since, turned.verified)
    assert found.reason.endswith(".")
    return found


def test_between_two_parties_it_is_in_force_since_the_later_of_them() -> None:
    found = ask(instrument(party("NL"), party("JP", "2012-11-01")))
    assert (found.answer, found.since, found.verified) == (Answer.YES, date(2012, 11, 1), True)
    assert found.reason == "CONV is in force between NL and JP since 2012-11-01."


def test_a_party_bound_earlier_than_the_instrument_counts_from_the_instrument() -> None:
    assert ask(instrument(party("NL", "2001-01-01"), party("JP", "2002-01-01"))).since == date(2005, 1, 1)


@pytest.mark.parametrize(
    ("what", "answer", "words"),
    [
        (instrument(party("NL"), party("JP"), force=""), Answer.NO, "CONV has not entered into force."),
        (
            instrument(party("NL"), party("JP"), force="2026-06-02"),
            Answer.NO,
            "CONV entered into force on 2026-06-02 only.",
        ),
        (instrument(party("NL")), Answer.NO, "JP is not a party to CONV."),
        (instrument(party("NL"), covers={"NL", "JP"}), Answer.NO, "JP is not a party to CONV."),
        (
            instrument(party("NL"), covers={"NL"}),
            Answer.UNKNOWN,
            "Whether JP is a party to CONV is not recorded.",
        ),
        (instrument(covers={"JP"}), Answer.NO, "JP is not a party to CONV."),
        (
            instrument(party("NL"), party("JP", "2026-06-02")),
            Answer.NO,
            "CONV binds JP from 2026-06-02 only.",
        ),
        (
            instrument(party("NL"), party("JP", "2010-01-01", "2026-05-31")),
            Answer.NO,
            "CONV bound JP until 2026-05-31.",
        ),
        (
            instrument(party("NL", side="EU"), party("JP", side="EU")),
            Answer.NO,
            "CONV binds NL and JP on one side; it is not in force between them.",
        ),
        (
            instrument(kind=InstrumentKind.NO_TREATY, force=""),
            Answer.NOT_A_TREATY,
            "CONV has no dates of its own.",
        ),
    ],
)
def test_the_reason_says_who_is_not_bound_and_since_when(
    what: Instrument, answer: Answer, words: str
) -> None:
    found = ask(what)
    assert (found.answer, found.since) == (answer, None)
    assert words in {found.reason, in_force(what, JP, NL, ON).reason}


def test_the_first_and_the_last_day_count() -> None:
    assert ask(instrument(party("NL"), party("JP", "2026-06-01"))).answer is Answer.YES
    assert ask(instrument(party("NL"), party("JP", until="2026-06-01"))).answer is Answer.YES


def test_a_state_that_came_back_is_bound_again() -> None:
    came_back = instrument(party("NL"), party("JP", "2010-01-01", "2015-12-31"), party("JP", "2020-01-01"))
    assert ask(came_back).since == date(2020, 1, 1)
    assert ask(came_back, on=date(2018, 1, 1)).reason == "CONV bound JP until 2015-12-31."
    assert ask(came_back, on=date(2014, 1, 1)).answer is Answer.YES


def test_two_sides_bind_each_other() -> None:
    sides = instrument(
        party("NL", side="EU"), party("FR", side="EU"), party("JP", side="JP"), kind=InstrumentKind.AGREEMENT
    )
    assert ask(sides, NL, JP).answer is Answer.YES
    assert ask(sides, NL, FR).answer is Answer.NO


def test_a_territory_is_bound_when_the_instrument_was_extended_to_it() -> None:
    guernsey, cayman = Place(state="GB", territory="GG"), Place(state="GB", territory="KY")
    extended = instrument(party("JP"), party("GB", territories={"GG": "2015-01-01"}))
    assert ask(extended, guernsey, JP).since == date(2015, 1, 1)
    assert ask(extended, guernsey, JP, date(2014, 12, 31)).answer is Answer.NO
    unknown = ask(extended, cayman, JP)
    assert (unknown.answer, unknown.reason) == (
        Answer.UNKNOWN,
        "Whether CONV extends to KY (GB) is not recorded.",
    )
    assert ask(extended, guernsey, Place(state="GB")).answer is Answer.NO


def test_an_answer_is_verified_only_if_every_date_is() -> None:
    assert not ask(instrument(party("NL"), party("JP", verified=False))).verified
    assert not ask(instrument(party("NL"), party("JP", "2027-01-01", verified=False))).verified
    assert ask(instrument(party("NL"), party("JP", "2027-01-01"))).verified


def test_a_scheme_applies_and_says_that_it_is_no_treaty() -> None:
    found = ask(instrument(party("NL"), party("JP"), kind=InstrumentKind.SCHEME))
    assert found.answer is Answer.YES
    assert found.reason.endswith("; it is a scheme, not a treaty.")


def test_no_is_stronger_than_unknown() -> None:
    found = ask(instrument(covers={"CA"}), CA, US)
    assert (found.answer, found.reason) == (Answer.NO, "CA is not a party to CONV.")
