"""Documents: round trips, fingerprints, endpoints and mutated bytes. One fault at a time:
tests/vectors/documents.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emla.formats import documents as form
from emla.formats import export
from emla.formats.strict_json import INTEGER_MAX
from emla.model.errors import MalformedError
from emla.model.requirements import NOTHING, Requirements, Sum
from emla.model.working_days import WorkingDays
from tests.support.authorities import changed, party
from tests.support.requirements import REQUIREMENTS
from tests.support.strategies import mutated

AT = party("at.moj").authority
ROOT, CARD = form.encode_root(AT.root), form.encode_card(AT.card)
PROFILE, EXPORT = form.encode_profile(AT.profile), export.encode_export(AT.documents)
WISHING = form.encode_profile(replace(AT.profile, requirements=REQUIREMENTS))
OFF = WorkingDays(rest_days=("friday", "saturday"), holidays=(date(2026, 12, 25), date(2027, 1, 1)))
RESTING = form.encode_profile(replace(AT.profile, working_days=OFF))
CODES = st.sampled_from(["SEARCH_SEIZURE", "A", "X_9", "B" * 64])
READERS: dict[str, tuple[Callable[[bytes], object], bytes]] = {
    "root": (form.decode_root, ROOT),
    "card": (form.decode_card, CARD),
    "profile": (form.decode_profile, PROFILE),
    "profile with requirements": (form.decode_profile, WISHING),
    "profile with working days": (form.decode_profile, RESTING),
    "export": (export.decode_export, EXPORT),
}


def test_documents_are_read_as_they_were_written() -> None:
    assert form.decode_root(ROOT) == AT.root
    assert form.decode_card(CARD) == AT.card
    assert form.decode_profile(PROFILE) == AT.profile
    assert export.decode_export(EXPORT) == AT.documents
    assert form.decode_profile(WISHING) == replace(AT.profile, requirements=REQUIREMENTS)
    second = replace(AT.root, version=2, prev=form.document_hash(ROOT))
    assert form.decode_root(form.encode_root(second)) == second


@given(
    requirements=st.builds(
        Requirements,
        urgent_languages=st.lists(st.sampled_from(["de", "en", "pt-BR"]), unique=True).map(tuple),
        documents=st.dictionaries(CODES, st.lists(CODES, min_size=1, unique=True).map(tuple)).map(
            lambda each: tuple(each.items())
        ),
        de_minimis=st.none() | st.builds(Sum, amount=st.integers(1, INTEGER_MAX), currency=st.just("JPY")),
        service_days=st.none() | st.integers(1, 50),
        reply_days=st.none() | st.integers(1, 3650),
        informs_subjects=st.none() | st.booleans(),
    )
)
def test_whatever_a_profile_says_of_requests_is_read_as_it_was_written(requirements: Requirements) -> None:
    profile = replace(AT.profile, requirements=requirements)
    payload = form.encode_profile(profile)
    assert form.decode_profile(payload) == profile
    assert (payload == PROFILE) == (requirements == NOTHING), (
        "who says nothing writes what was written before"
    )


@pytest.mark.parametrize("kind", READERS)
@given(data=st.data())
def test_mutated_bytes_are_a_document_or_malformed(kind: str, data: st.DataObject) -> None:
    read, good = READERS[kind]
    with suppress(MalformedError):
        read(data.draw(mutated(good)))


def test_a_fingerprint_has_twelve_groups_and_depends_on_root_and_authority() -> None:
    shown = export.fingerprint(ROOT, "at.moj")
    assert [len(group) for group in shown.split(" ")] == [5] * 12
    assert shown.replace(" ", "").isdecimal()
    others = {export.fingerprint(ROOT + b" ", "at.moj"), export.fingerprint(ROOT, "at.mok")}
    assert shown not in others
    assert len(others) == 2


def test_a_fingerprint_is_known() -> None:
    assert (
        export.fingerprint(b"root", "at.moj")
        == "14835 60400 51101 78954 15488 01558 01074 25775 39445 49049 96654 17309"
    )


@pytest.mark.parametrize(
    "url",
    [
        "https://emla.example",
        "https://emla.example/",
        "https://emla.example:65535/a/b/c/d",
        "https://127.0.0.1:8443/",
        "https://[::1]:8443/",
        "https://localhost:1/..a/",
    ],
)
def test_an_endpoint_that_is_a_url_is_read(url: str) -> None:
    assert form.decode_card(changed(CARD, {"endpoints.0.url": url})).endpoints[0].url == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://",
        "https:///x",
        "HTTPS://emla.example/",
        "https://emla.example:0/",
        "https://emla.example:65536/",
        "https://emla.example:/",
        "https://emla.example:1:2/",
        "https://[::1/",
        "https://[1::2::3]/",
        "https://[]/",
        "https://emla..example/",
        "https://-a.example/",
        "https://emla.example/.",
        "https://emla.example/a/../b",
        "https://emla.example/a/./b",
        "https://emla.example/%2e%2e/",
        "https://emla.example/#x",
        "https://emla.example\n",
        "https://emla.example/\n",
        "https://\u0435mla.example/",
        "https://a@emla.example/",
        "https://emla.example/a/b/c/d/e",
    ],
)
def test_an_endpoint_that_is_none_is_malformed(url: str) -> None:
    with pytest.raises(MalformedError):
        form.decode_card(changed(CARD, {"endpoints.0.url": url}))


def test_the_days_on_which_nobody_works_are_an_extension_that_an_older_gateway_lets_be() -> None:
    assert form.decode_profile(RESTING) == replace(AT.profile, working_days=OFF)
    assert (
        b'"ext":{"working_days":{"holidays":["2026-12-25","2027-01-01"],"rest_days":["friday","saturday"]}}'
        in RESTING
    )
    assert form.decode_profile(RESTING.replace(b'"working_days"', b'"walking_days"')) == AT.profile


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'["2026-12-25","2027-01-01"]', b'["2027-01-01","2026-12-25"]'),
        (b'"2026-12-25"', b'"2026-12-32"'),
        (b'"2026-12-25"', b'"2027-01-01"'),
        (b'"2026-12-25"', b"20261225"),
        (b'"2026-12-25"', b'"20261225"'),
        (b'["friday","saturday"]', b"[]"),
        (b'["friday","saturday"]', b'["saturday","friday"]'),
        (b'["friday","saturday"]', b'["moonday"]'),
        (b'"rest_days"', b'"test_days"'),
        (b'{"holidays":["2026-12-25","2027-01-01"],"rest_days":["friday","saturday"]}', b"{}"),
        (b'{"holidays":["2026-12-25","2027-01-01"],"rest_days":["friday","saturday"]}', b'"sunday"'),
    ],
)
def test_days_that_cannot_be_read_say_nothing_and_cost_a_peer_nothing(old: bytes, new: bytes) -> None:
    changed = RESTING.replace(old, new)
    assert changed != RESTING
    assert form.decode_profile(changed) == AT.profile
