"""Two ministries live by the printed pages: every command is one that a page of docs/how-to prints, typed at a terminal.

Real processes, real prompts, real gateways on loopback. Only what is asserted is read elsewhere.
"""

import asyncio
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from emla.bootstrap.audit import verify_ledger
from emla.client.answers import PeerDetails
from emla.client.client import Client
from emla.formats.header import decode, decode_signed
from tests.support import officers_at_work as officers
from tests.support.cli import short_folder
from tests.support.gateways import select
from tests.support.messages import ATTACHMENT_NAME, make_template
from tests.support.ministries import Ministry
from tests.support.pages import OFFICERS_PAGES, Library
from tests.support.tokens import softhsm_module, token_box

pytestmark = pytest.mark.timeout(240)
JP, NL = "jp.moj", "nl.minjus"
SMALL = make_template(sender=JP, recipient=NL, attachment=b"annex " * 500)
T = TypeVar("T")


@pytest.fixture
def folder() -> Iterator[Path]:
    with short_folder() as path:
        yield path


def eventually(condition: Callable[[], T], wanted: T) -> None:
    """Ask until the answer is the one wanted; what is so late that nobody waits for it any more fails."""
    end = time.monotonic() + 30
    while (seen := condition()) != wanted:
        assert time.monotonic() < end, seen
        time.sleep(0.05)


def send(jp: Ministry, *, reached: bool = True, code: int = 0) -> str:
    """send-a-request.md; the package id. A peer that is not reached is not waited for: Ctrl-C."""
    walk = jp.walk("send-a-request")
    (walk.courier / "files").mkdir()
    (walk.courier / "files" / ATTACHMENT_NAME).write_bytes(SMALL.attachment)
    document = SMALL.fill(secrets.token_bytes(16), secrets.token_bytes(16))
    (walk.courier / "request.xml").write_bytes(document)
    walk.turn_to("emla message send request.xml --attachments files --wait")
    if reached:
        walk.do("emla message send", code=code)
    else:
        walk.do("emla message send", answers={r"Waiting up to [^\n]*\n": lambda _: None}, code=130)
    ((pid,),) = select(jp.data, "SELECT pid FROM sent ORDER BY id DESC LIMIT 1")
    assert isinstance(pid, bytes)
    return pid.hex()


def state(ministry: Ministry, pid: str) -> str:
    async def ask() -> str:
        async with Client(ministry.data / "emla.sock") as client:
            return (await client.message(pid)).state

    return asyncio.run(ask())


def peer(ministry: Ministry, other: str) -> PeerDetails:
    async def ask() -> PeerDetails:
        async with Client(ministry.data / "emla.sock") as client:
            return await client.peer(other)

    return asyncio.run(ask())


def is_frozen(ministry: Ministry, other: str) -> bool:
    standing = peer(ministry, other).standing
    return standing is not None and standing.frozen


def sealed_to(ministry: Ministry, pid: str) -> str:
    ((signed,),) = select(ministry.data, "SELECT signed FROM sent WHERE pid = ?", bytes.fromhex(pid))
    assert isinstance(signed, bytes)
    return decode(decode_signed(signed).payload).kid


def payloads_received(ministry: Ministry) -> int:
    ((count,),) = select(ministry.data, "SELECT count(*) FROM received")
    assert isinstance(count, int)
    return count


def in_flight(jp: Ministry, nl: Ministry) -> str:
    """A package that waits at JP while NL's officers are at work: neither gateway can reach the other."""
    nl.stop()
    pid = send(jp, reached=False)
    jp.stop()
    nl.start()
    return pid


def arrive(jp: Ministry) -> None:
    """JP's gateway is back, and speaks to NL."""
    jp.start()
    jp.walk("first-exchange", peer=NL).do("emla peer ping")


def rotation_with_a_package_in_flight(jp: Ministry, nl: Ministry) -> None:
    pid = in_flight(jp, nl)
    old = sealed_to(jp, pid)
    new = officers.rotate(nl, at_once=True)
    arrive(jp)
    eventually(lambda: state(jp, pid), "CONSIGNED")
    assert sealed_to(jp, pid) == old
    eventually(lambda: sealed_to(jp, send(jp)), new)


def revocation_with_resealing(jp: Ministry, nl: Ministry) -> None:
    pid, before = in_flight(jp, nl), payloads_received(nl)
    old = sealed_to(jp, pid)
    new = officers.revoke(nl, old)
    arrive(jp)
    eventually(lambda: state(jp, pid), "REPLACED")
    ((newer,),) = select(jp.data, "SELECT pid FROM sent WHERE replaces = ?", bytes.fromhex(pid))
    assert isinstance(newer, bytes)
    assert sealed_to(jp, newer.hex()) == new
    eventually(lambda: state(jp, newer.hex()), "CONSIGNED")
    assert payloads_received(nl) == before + 1


def freeze_and_recovery(jp: Ministry, nl: Ministry) -> None:
    walk = officers.freeze(nl)
    eventually(lambda: is_frozen(jp, NL), True)
    send(jp, code=3)
    officers.recover(walk)
    eventually(lambda: is_frozen(jp, NL), False)
    pid = send(jp)
    eventually(lambda: state(jp, pid), "CONSIGNED")


def an_old_copy_is_started(jp: Ministry, nl: Ministry, backup: Path) -> None:
    """NL's folder is put back to what it was: it signs nothing, begins a new epoch, and gets back what it lost."""
    nl.stop()
    shutil.copytree(nl.data, backup, ignore=shutil.ignore_patterns("*.sock"))
    nl.start()
    lost = send(jp)
    eventually(lambda: state(jp, lost), "CONSIGNED")
    card = peer(jp, NL).card_version
    new = officers.rotate(nl, at_once=True)
    eventually(lambda: peer(jp, NL).card_version, card + 1)
    nl.stop()
    shutil.rmtree(nl.data)
    shutil.copytree(backup, nl.data)
    nl.start()
    before = payloads_received(nl)
    officers.recover_ledger(nl, lost=new)
    eventually(lambda: payloads_received(nl), before + 1)
    eventually(lambda: state(nl, lost), "CONSIGNED")
    pid = send(jp)
    eventually(lambda: state(jp, pid), "CONSIGNED")


@pytest.mark.xdist_group("ceremony")
def test_two_ministries_live_by_the_printed_pages(folder: Path, tmp_path: Path) -> None:
    library = Library()
    jp, nl = Ministry(JP, folder / "jp", library), Ministry(NL, folder / "nl", library)
    try:
        for ministry, name in ((jp, "Ministry of Justice"), (nl, "Ministry of Justice and Security")):
            walk = officers.make(ministry, name, ministry.id[:2].upper())
            walk.do("systemctl start")
            walk.do("emla doctor")
        officers.meet(jp, nl)
        officers.appoint(nl)
        officers.move_root(nl)
        eventually(lambda: peer(jp, NL).root_version, 2)
        officers.rotate(nl, at_once=False)
        rotation_with_a_package_in_flight(jp, nl)
        revocation_with_resealing(jp, nl)
        freeze_and_recovery(jp, nl)
        officers.replace_officer_and_root_key(nl)
        eventually(lambda: peer(jp, NL).root_version, 4)
        officers.new_passphrase(nl, "candle brook saddle mint")
        pid = send(jp)
        eventually(lambda: state(jp, pid), "CONSIGNED")
        an_old_copy_is_started(jp, nl, folder / "backup")
        for each in (jp, nl):
            assert verify_ledger(each.data).problems == ()
    finally:
        _end(tmp_path, jp, nl)
    left = {name: library.page(name).left for name in OFFICERS_PAGES}
    assert {name: commands for name, commands in left.items() if commands} == {}


@pytest.mark.needs("softhsm2-util")
@pytest.mark.xdist_group("ceremony-token")
@pytest.mark.parametrize("acts", ["what tokens change", pytest.param("all acts", marks=pytest.mark.long)])
def test_the_same_with_sign_and_ledger_keys_in_a_token(folder: Path, tmp_path: Path, acts: str) -> None:
    library = Library()
    with token_box(folder / "box") as box:
        found = {"SOFTHSM2_CONF": str(box.folder / "softhsm2.conf")}
        where = {"/usr/lib/softhsm/libsofthsm2.so": softhsm_module()}
        jp = Ministry(JP, folder / "jp", library)
        nl = Ministry(NL, folder / "nl", library, environment=found, elsewhere=where)
        try:
            officers.make(jp, "Ministry of Justice", "JP").do("systemctl start")
            walk = nl.walk("use-a-hardware-token")
            walk.do("softhsm2-util")
            officers.make(nl, "Ministry of Justice and Security", "NL", page="use-a-hardware-token")
            nl.start()
            officers.meet(jp, nl)
            officers.appoint(nl)
            officers.move_root(nl)
            if acts == "all acts":
                rotation_with_a_package_in_flight(jp, nl)
                revocation_with_resealing(jp, nl)
                freeze_and_recovery(jp, nl)
            officers.rotate_into_token(walk)
            assert walk.do("emla keys list").count("token") >= 4
            pid = send(jp)
            eventually(lambda: state(jp, pid), "CONSIGNED")
            for each in (jp, nl):
                assert verify_ledger(each.data).problems == ()
        finally:
            _end(tmp_path, jp, nl)
    assert library.page("use-a-hardware-token").left == []


def _end(kept: Path, *ministries: Ministry) -> None:
    """Stop the gateways, and keep every screen where pytest keeps what a test leaves."""
    for each in ministries:
        (kept / f"{each.id}.screens.txt").write_text("\n".join(each.screens), encoding="utf-8")
        each.stop()
