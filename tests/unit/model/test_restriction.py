"""Labels: what is stricter, whom they name, and what a label that goes on must not leave out."""

from datetime import date

import pytest

from emla.model.restriction import Label, UseLimit, lost, stricter

STRICT = Label(
    level="CONFIDENTIAL",
    confidential=True,
    limits=(UseLimit(limit="STATED_PROCEEDINGS_ONLY"),),
    onward="NONE",
    not_releasable_to=("XX",),
    sealed=True,
    kept_until=date(2026, 1, 1),
    sensitive=("LAWYER",),
)
LOOSE = Label(onward="ALLOWED", releasable_to=("nl.moj", "xx.moj"), kept_until=date(2030, 1, 1))


def test_of_two_labels_the_stricter_of_each_thing_holds_in_either_order() -> None:
    for one, other in ((STRICT, LOOSE), (LOOSE, STRICT)):
        both = stricter(one, other)
        assert (both.level, both.confidential, both.onward, both.sealed) == (
            "CONFIDENTIAL", True, "NONE", True,
        )  # fmt: skip
        assert both.releasable_to == ()
        assert both.kept_until == date(2026, 1, 1)
        assert both.limits == STRICT.limits
        assert both.not_releasable_to == ("XX",)


@pytest.mark.parametrize(
    ("onward", "limits", "passes"),
    [
        ("", (), "ASK"),
        ("ALLOWED", (), "ALLOWED"),
        ("ALLOWED", ("ONWARD_WITH_CONSENT",), "ASK"),
        ("ALLOWED", ("NO_ONWARD_TRANSFER",), "NONE"),
        ("ASK", ("STATED_PROCEEDINGS_ONLY",), "ASK"),
    ],
)
def test_limits_of_use_say_whether_it_may_go_on(onward: str, limits: tuple[str, ...], passes: str) -> None:
    assert Label(onward=onward, limits=tuple(UseLimit(limit=each) for each in limits)).passes == passes


def test_a_state_is_named_for_all_its_authorities_whatever_the_capitals() -> None:
    label = Label(releasable_to_countries=("NL",), not_releasable_to=("nl.om", "XX"))
    assert label.includes("nl.moj")
    assert not label.includes("jp.moj")
    assert label.excludes("nl.om")
    assert label.excludes("xx.moj")
    assert not label.excludes("nl.moj")


def test_a_limited_time_ends_after_its_last_day_and_other_limits_do_not() -> None:
    day = date(2026, 6, 1)
    limited = Label(limits=(UseLimit(limit="TIME_LIMITED", until=day),))
    assert limited.ended(day) is None
    assert limited.ended(date(2026, 6, 2)) == day
    assert Label(limits=(UseLimit(limit="INTELLIGENCE_ONLY", until=day),)).ended(date(2027, 1, 1)) is None


def test_what_a_label_that_goes_on_leaves_out_is_named() -> None:
    assert lost(STRICT, Label(onward="ASK"), "jp.moj") == (
        "OwnerAuthority jp.moj",
        "ConfidentialityLevel CONFIDENTIAL",
        "ConfidentialityRequested true",
        "UseRestriction STATED_PROCEEDINGS_ONLY",
        "OnwardTransfer NONE",
        "NotReleasableTo XX",
        "SealedFromSubject true",
        "SensitiveFlag LAWYER",
    )
    carried = stricter(Label(owner="jp.moj"), STRICT)
    assert lost(STRICT, carried, "jp.moj") == ()
