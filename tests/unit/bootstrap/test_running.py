"""Serve: what ends it is told to the operator as one error with a code; and a folder keeps its role."""

from pathlib import Path

import pytest

from emla.bootstrap.running import _cause, check_role
from emla.model.errors import ConfigurationError, StoreError
from emla.model.settings import Role
from tests.support.authorities import build, party
from tests.support.gateways import opened
from tests.support.hubs import hub_at
from tests.support.packages import received_row

AT, DE, HUB = party("at.moj"), party("de.bfj"), party("eu.hub")


def test_a_failure_of_ours_is_taken_out_of_the_groups_that_tasks_wrap_it_in() -> None:
    ours = StoreError("store-failed", "a reason")
    inner = ExceptionGroup("destination", [ValueError("beside it"), ours])
    assert _cause(ExceptionGroup("relay", [KeyError("other"), inner])) is ours


def test_what_is_not_ours_is_told_as_it_is() -> None:
    bug = ValueError("a bug")
    assert _cause(bug) is bug
    assert _cause(ExceptionGroup("relay", [ExceptionGroup("destination", [bug])])) is bug


async def test_an_empty_folder_may_become_either(tmp_path: Path) -> None:
    async with opened(tmp_path / "data", DE, AT) as home:
        check_role(home.store.read, Role.GATEWAY)
        check_role(home.store.read, Role.HUB)


async def test_a_folder_that_was_a_gateway_is_no_hub(tmp_path: Path) -> None:
    async with opened(tmp_path / "data", DE, AT) as home:
        await home.store.write(lambda each: each.insert_received(received_row(build(AT, DE))))
        check_role(home.store.read, Role.GATEWAY)
        with pytest.raises(ConfigurationError) as caught:
            check_role(home.store.read, Role.HUB)
    assert caught.value.code == "wrong-role"


async def test_a_folder_that_was_a_hub_is_no_gateway(tmp_path: Path) -> None:
    async with hub_at(tmp_path / "data", HUB, AT, DE) as hub:
        await hub.put_package(build(AT, DE))
        check_role(hub.home.store.read, Role.HUB)
        with pytest.raises(ConfigurationError) as caught:
            check_role(hub.home.store.read, Role.GATEWAY)
    assert caught.value.code == "wrong-role"
