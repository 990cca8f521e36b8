"""Gateways whose keys are locked at rest, and gateways whose sign and ledger keys are in tokens: from submission to the inbox."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from emla.bootstrap.first_keys import Protection
from emla.keyring.pkcs11 import Token
from emla.keyring.wrapping import read_master, wrapping_keys
from tests.support.calls import body_of, eventually, get, post
from tests.support.cli import emla, short_folder
from tests.support.locking import PASSPHRASE, QUICK, SECRET_TEXT
from tests.support.messages import make_template
from tests.support.servers import ROOT, Server, make_server, started

SMALL = make_template(sender="jp.moj", recipient="nl.minjus", attachment=b"a" * 100)
LOCKED = Protection(passphrase=PASSPHRASE, work=QUICK)


@pytest.fixture
def folder() -> Iterator[Path]:
    with short_folder() as path:
        yield path


def secret_file(path: Path, text: str) -> str:
    path.write_text(text)
    path.chmod(0o600)
    return str(path)


async def exchange(sender: Server) -> None:
    """Send a message and wait until the recipient has consigned it."""
    status, answer = await post(sender, body_of(SMALL), wait=20)
    assert status == 201, answer
    pid = answer["id"] if "id" in answer else answer["pid"]

    async with asyncio.timeout(30):
        while True:
            _, message = await get(sender, f"/v1/messages/{pid}")
            if message["state"] == "CONSIGNED":
                return
            await asyncio.sleep(0.05)


@contextmanager
def locked_pair(folder: Path) -> Iterator[tuple[Server, ...]]:
    file = secret_file(folder / "passphrase", SECRET_TEXT)
    keys: dict[str, object] = {"passphrase_file": file}
    servers = [make_server(folder, each, LOCKED, keys) for each in ("jp.moj", "nl.minjus")]
    for each in servers:
        each.plain = True
    with started(*servers):
        yield tuple(servers)


def test_a_message_travels_between_gateways_whose_keys_are_locked(folder: Path) -> None:
    with locked_pair(folder) as (sender, recipient):
        asyncio.run(exchange(sender))
        _, opener, _ = recipient.process_ids()
        secrets = wrapping_keys(read_master(recipient.data / "keys", PASSPHRASE), ("seal", "content")).by_use
        for process in recipient.process_ids():
            seen = b"".join(Path(f"/proc/{process}/{name}").read_bytes() for name in ("cmdline", "environ"))
            assert SECRET_TEXT.encode() not in seen
            assert not any(key in seen or key.hex().encode() in seen for key in secrets.values())
        assert opener
        log = sender.log.read_text() + recipient.log.read_text()
        assert SECRET_TEXT not in log


def test_an_opener_that_dies_is_unlocked_again(folder: Path) -> None:
    with locked_pair(folder) as (sender, recipient):
        _, opener, _ = recipient.process_ids()
        os.kill(opener, 9)
        asyncio.run(exchange(sender))


def test_without_the_passphrase_it_does_not_start_and_says_what_to_do(folder: Path) -> None:
    server = make_server(folder, "nl.minjus", LOCKED)
    server.start()
    assert server.process is not None
    assert server.process.wait(20) == 4
    assert "key-locked" in server.log.read_text()
    assert "--passphrase-file" in server.log.read_text()


def test_a_wrong_passphrase_does_not_start_it(folder: Path) -> None:
    file = secret_file(folder / "passphrase", "orbit lamp canal stork fog")
    server = make_server(folder, "nl.minjus", LOCKED, {"passphrase_file": file})
    server.start()
    assert server.process is not None
    assert server.process.wait(20) == 4
    log = server.log.read_text()
    assert log.startswith("wrong-passphrase")
    assert "stork" not in log


_LOOK = """
import ctypes, sys
from pathlib import Path
from emla.bootstrap.serve import serve
from emla.model.settings import OperationsSettings, PeerSettings, Settings
import os, signal
def look(*_):
    limit = next(each for each in Path("/proc/self/limits").read_text().splitlines() if "core file" in each)
    print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), limit.split()[4], limit.split()[5], flush=True)
    os.kill(os.getpid(), signal.SIGTERM)
serve(Settings(data=Path(sys.argv[1]), peer=PeerSettings(listen_port=0), operations=OperationsSettings(listen_port=0)), look)
"""


def test_the_gateways_memory_reaches_neither_a_core_dump_nor_another_process(folder: Path) -> None:
    server = make_server(folder, "nl.minjus")
    done = subprocess.run(
        [sys.executable, "-c", _LOOK, str(server.data)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.split() == ["0", "0", "0"], "PR_GET_DUMPABLE, soft and hard limit of a core file"


def test_doctor_says_how_keys_are_kept_and_asks_nobody(folder: Path) -> None:
    file = secret_file(folder / "passphrase", SECRET_TEXT)
    data = make_server(folder, "nl.minjus", LOCKED).data

    def checks(*words: str) -> dict[str, dict[str, str]]:
        found = json.loads(emla("doctor", "--data", data, "--json", *words).out)["checks"]
        return {each["name"]: each for each in found}

    without = checks()
    assert without["private keys"]["verdict"] == without["opener"]["verdict"] == "warn"
    assert "too quickly" in without["lock"]["found"], "the test's own cost is a toy"
    opened = checks("--passphrase-file", file)
    assert opened["private keys"]["verdict"] == opened["opener"]["verdict"] == "ok"
    plain = make_server(folder, "jp.moj").data
    assert "not locked" in emla("doctor", "--data", plain).out


@pytest.mark.needs("softhsm2-util")
@pytest.mark.xdist_group("softhsm")
def test_two_gateways_whose_sign_and_ledger_keys_are_in_tokens(folder: Path) -> None:
    from tests.support.tokens import PIN, token_box

    file = secret_file(folder / "passphrase", SECRET_TEXT)
    pin = secret_file(folder / "pin", PIN.octets.decode())
    keys: dict[str, object] = {"passphrase_file": file, "token_pin_file": pin}
    with token_box(folder / "hsm") as box:
        servers = []
        for authority in ("jp.moj", "nl.minjus"):
            token = Token(box.make(authority), PIN)
            protection = Protection(passphrase=PASSPHRASE, token=token, work=QUICK)
            servers.append(make_server(folder, authority, protection, keys))
            token.close()
        with started(*servers) as (sender, recipient):
            for _ in range(3):
                asyncio.run(exchange(sender))
            status, pong = asyncio.run(ping(sender, recipient.id))
            assert status == 200, pong
        for server in servers:
            ledger = emla("ledger", "verify", "--data", server.data)
            assert ledger.code == 0, ledger.out + ledger.err
            doctor = emla("doctor", "--data", server.data, "--passphrase-file", file, "--token-pin-file", pin)
            assert "signs with the sign key" in doctor.out
            assert b"seed" not in b"".join(
                path.read_bytes() for path in (server.data / "keys").glob("*.json")
            )


@pytest.mark.needs("softhsm2-util")
@pytest.mark.xdist_group("softhsm")
def test_a_token_that_is_pulled_out_stops_nothing_for_good(folder: Path) -> None:
    """What came while it was away is refused and repeated, or waits; the gateway itself goes on."""
    from tests.support.tokens import PIN, token_box

    pin = secret_file(folder / "pin", PIN.octets.decode())
    with token_box(folder / "hsm") as box:
        token = Token(box.make("nl"), PIN)
        recipient = make_server(folder, "nl.minjus", Protection(token=token), {"token_pin_file": pin})
        token.close()
        with started(make_server(folder, "jp.moj"), recipient) as (sender, _):
            asyncio.run(exchange(sender))
            box.pull_out()
            status, _ = asyncio.run(post(sender, body_of(SMALL)))
            assert status == 201
            asyncio.run(
                eventually(
                    lambda: _last_code(sender) == "peer-nonsense" or _last_code(sender) == "token-unavailable"
                )
            )
            assert recipient.process is not None
            assert recipient.process.poll() is None
            box.plug_in()
            asyncio.run(exchange(sender))


def _last_code(server: Server) -> object:
    from tests.support.gateways import select

    found = select(server.data, "SELECT last_code FROM leg WHERE kind = 'package' ORDER BY id DESC LIMIT 1")
    return found[0][0]


async def ping(server: Server, peer: str) -> tuple[int, object]:
    async with server.client() as client:
        answer = await client.post(f"/v1/peers/{peer}/ping")
        return answer.status, await answer.json(content_type=None)
