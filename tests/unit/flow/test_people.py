"""People: what must hold for all of them together is judged inside the batch, and each change leaves a leaf."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path

import pytest

from emla.flow.gateway import Gateway
from emla.flow.people.people import People
from emla.flow.people.tokens import Tokens
from emla.formats import event, token_text
from emla.model.errors import EmlaError
from emla.model.person import ALONE, Caller, Person, PersonRole
from tests.support.gateways import opened, rows
from tests.support.received import AT, DE

CUSTODIAN = frozenset({PersonRole.KEY_CUSTODIAN})
OPERATOR = frozenset({PersonRole.OPERATOR})


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Gateway]:
    async with opened(tmp_path, DE, AT) as home:
        yield home.gateway


async def added(gateway: Gateway, name: str, by: Caller = ALONE) -> Person:
    person, _ = await People(gateway).add(by, name=name, full_name=name.title(), roles=CUSTODIAN)
    return person


def as_caller(person: Person) -> Caller:
    return Caller(id=person.id, roles=person.roles, name=person.name)


async def code_of(work: Awaitable[Person]) -> str:
    try:
        await work
    except EmlaError as error:
        return error.code
    return "ok"


async def test_of_two_changes_the_second_is_judged_by_what_the_first_left(gateway: Gateway) -> None:
    kay = await added(gateway, "kay")
    lea = await added(gateway, "lea", as_caller(kay))
    people = People(gateway)
    codes = await asyncio.gather(
        code_of(people.change_roles(as_caller(kay), lea, OPERATOR)),
        code_of(people.disable(as_caller(lea), kay)),
    )
    assert sorted(codes) == ["no-custodian", "ok"]


async def test_of_two_first_persons_one_is_let_in(gateway: Gateway) -> None:
    codes = await asyncio.gather(*(code_of(added(gateway, name)) for name in ("kay", "eve")))
    assert sorted(codes) == ["not-authenticated", "ok"]


async def test_the_first_person_is_a_key_custodian_and_a_refusal_leaves_nothing(
    gateway: Gateway, tmp_path: Path
) -> None:
    before = rows(tmp_path)
    with pytest.raises(EmlaError) as caught:
        await People(gateway).add(ALONE, name="otto", full_name="Otto", roles=OPERATOR)
    assert caught.value.code == "no-custodian"
    assert rows(tmp_path) == before
    assert Tokens(gateway).caller(None) == (ALONE, None)


async def test_a_change_of_rights_leaves_one_leaf_that_names_ids_and_no_names(
    gateway: Gateway, tmp_path: Path
) -> None:
    kay = await added(gateway, "kay")
    lea = await added(gateway, "lea", as_caller(kay))
    before = rows(tmp_path)["leaf"]
    await People(gateway).change_roles(as_caller(kay), lea, OPERATOR)
    assert rows(tmp_path)["leaf"] == before + 1
    (row,) = gateway.store.read.events("person.roles", 9)
    assert event.decode(row.body).facts == {"by": kay.id, "person": lea.id, "roles": "operator"}
    assert b"lea" not in row.body.replace(lea.id.encode(), b"")


async def test_a_token_has_one_spelling(gateway: Gateway) -> None:
    _, text = await People(gateway).add(ALONE, name="kay", full_name="Kay", roles=CUSTODIAN)
    tokens = Tokens(gateway)
    assert tokens.caller(text)[0].name == "kay"
    parts = token_text.decode(text)
    assert parts is not None
    for other in (text + "=", text + "\n", " " + text, text.replace("emla_", "EMLA_"), text[:-1]):
        with pytest.raises(EmlaError) as caught:
            tokens.caller(other)
        assert caught.value.code == "not-authenticated"
