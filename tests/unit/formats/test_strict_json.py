"""Strict JSON: what is written is read back, and every other byte string is refused in one way."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emla.formats import strict_json
from emla.formats.strict_json import (
    INSTANT_MAX,
    INTEGER_MAX,
    Json,
    Members,
    decode,
    decode_octets,
    encode,
    encode_octets,
)
from emla.model.errors import MalformedError
from tests.support.strategies import mutated, objects, spelled

LIMIT = 1 << 20


def test_the_encoding_is_sorted_and_without_white_space() -> None:
    assert encode({"b": [1, True], "a": "é\u2028\n"}) == '{"a":"é\u2028\\n","b":[1,true]}'.encode()


@given(value=objects)
def test_an_object_is_read_as_it_was_written(value: dict[str, Json]) -> None:
    assert decode(encode(value), LIMIT) == value
    assert decode(memoryview(encode(value)), LIMIT) == value


@given(value=objects)
def test_another_spelling_is_read_too_and_written_back_in_ours(value: dict[str, Json]) -> None:
    assert encode(decode(spelled(value), LIMIT)) == encode(value)


@given(value=objects)
def test_the_quick_way_writes_what_the_standard_library_writes(value: dict[str, Json]) -> None:
    """Whoever signs with another implementation must come to the same bytes."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
    assert encode(value) == text.encode()


@given(data=st.data(), value=objects)
def test_the_quick_and_the_patient_reader_agree(data: st.DataObject, value: dict[str, Json]) -> None:
    raw = data.draw(st.one_of(st.just(encode(value)), mutated(encode(value)), st.just(spelled(value))))
    try:
        patient: object = strict_json._decode(raw)
    except MalformedError as error:
        patient = error.detail
    try:
        found: object = decode(raw, LIMIT)
    except MalformedError as error:
        found = error.detail
    assert found == patient
    assert repr(found) == repr(patient)


@given(data=st.data(), value=objects)
def test_mutated_bytes_are_read_or_malformed(data: st.DataObject, value: dict[str, Json]) -> None:
    raw = data.draw(mutated(encode(value)))
    try:
        found = decode(raw, LIMIT)
    except MalformedError:
        return
    assert decode(encode(found), LIMIT) == found
    assert json.loads(raw) == found


@given(raw=st.binary(max_size=40))
def test_any_bytes_are_read_or_malformed(raw: bytes) -> None:
    with suppress(MalformedError):
        decode(raw, LIMIT)


@given(octets=st.binary(max_size=70))
def test_bytes_have_one_spelling_in_base64url(octets: bytes) -> None:
    text = encode_octets(octets)
    assert decode_octets(text) == octets
    for wrong in (text + "=", text + "\n", " " + text, text + "==", text + "+"):
        with pytest.raises(MalformedError):
            decode_octets(wrong)


@given(text=st.text(max_size=12))
def test_a_text_is_base64url_only_if_it_is_the_spelling_of_its_bytes(text: str) -> None:
    try:
        octets = decode_octets(text)
    except MalformedError:
        return
    assert encode_octets(octets) == text


def members(**values: Json) -> Members:
    return Members(values, "thing")


@pytest.mark.parametrize("value", [True, "1", [1], 0, 11, -1])
def test_an_integer_is_an_integer_within_its_bounds(value: Json) -> None:
    with pytest.raises(MalformedError):
        members(a=value).integer("a", 1, 10)


@pytest.mark.parametrize("value", [0, 1, "true"])
def test_a_boolean_is_a_boolean(value: Json) -> None:
    assert members(a=False).truth("a") is False
    with pytest.raises(MalformedError):
        members(a=value).truth("a")


def test_instants_end_where_dates_do() -> None:
    assert members(a=INSTANT_MAX).instant("a") == INSTANT_MAX < INTEGER_MAX
    with pytest.raises(MalformedError):
        members(a=INSTANT_MAX + 1).instant("a")


@pytest.mark.parametrize("mark", [*map(chr, [*range(32), *range(127, 160), 0x2028, 0x2029, 0x202E, 0x2066])])
def test_a_line_is_one_line_that_cannot_move_the_cursor_or_turn_the_text(mark: str) -> None:
    with pytest.raises(MalformedError):
        members(a=f"x{mark}y").line("a")


@pytest.mark.parametrize("text", ["", "Ålesund", "می\u200cخواهم", "北京", "👩\u200d⚖️"])
def test_a_line_may_be_in_any_script(text: str) -> None:
    assert members(a=text).line("a") == text


@pytest.mark.parametrize("name", ["text", "line", "integer", "truth", "octets", "members", "mapping"])
def test_a_missing_member_is_malformed(name: str) -> None:
    with pytest.raises(MalformedError):
        getattr(members(), name)("a")


@pytest.mark.parametrize("name", ["text", "line", "integer", "truth", "octets", "members", "mapping"])
def test_a_member_of_another_kind_is_malformed(name: str) -> None:
    with pytest.raises(MalformedError):
        getattr(members(a=[]), name)("a")


def test_what_nobody_took_is_refused_and_named_without_its_control_characters() -> None:
    with pytest.raises(MalformedError) as refused:
        Members({"a\x1b[2J": 1}, "thing").finish()
    assert "\x1b" not in str(refused.value)


@pytest.mark.parametrize(
    ("length", "text"), [(16, "A" * 21), (16, "A" * 23), (2, "A"), (2, "AA"), (2, "AAAA")]
)
def test_octets_of_another_length_are_refused(length: int, text: str) -> None:
    with pytest.raises(MalformedError):
        members(a=text).octets("a", length)


def test_octets_have_a_longest_length() -> None:
    assert members(a="AAAA").octets("a", longest=3) == bytes(3)
    with pytest.raises(MalformedError):
        members(a="AAAAAA").octets("a", longest=3)


@given(length=st.integers(0, 70))
def test_octets_of_each_length_are_taken_at_that_length_and_no_other(length: int) -> None:
    text = encode_octets(bytes(length))
    assert members(a=text).octets("a", length) == bytes(length)
    with pytest.raises(MalformedError):
        members(a=text).octets("a", length + 1)


def test_lists_are_lists_of_what_is_asked_and_not_longer() -> None:
    assert members(a=["x", "y"]).texts("a", 2) == ("x", "y")
    wrong: list[Json] = [["x", "y", "z"], ["x", 1], "x", ["x" * 257]]
    for value in wrong:
        with pytest.raises(MalformedError):
            members(a=value).texts("a", 2)
    with pytest.raises(MalformedError):
        members(a=[{}, 1]).objects("a", 2)


def test_extensions_that_are_understood_may_be_demanded() -> None:
    members(ext={"x": 1}, crit=["x"]).extensions(frozenset({"x"}))
    for given_members in (members(crit=["x"]), members(ext={}, crit=["x"])):
        with pytest.raises(MalformedError):
            given_members.extensions(frozenset({"x"}))
