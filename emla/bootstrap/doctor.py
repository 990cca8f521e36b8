"""What `emla doctor` looks at: everything the gateway needs, each with what was found and what to do.

Rules of this file:
- A check never raises: what goes wrong in it is its finding.
- Nothing is changed, and no check needs the server to run; what the server can tell is asked when it answers.
"""

import asyncio
import os
import shutil
import socket
import stat
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from emla import config
from emla.bootstrap.checkup import Check, Verdict, fail, of_error, ok, warn
from emla.bootstrap.doctor_keys import examine_keys
from emla.bootstrap.doctor_scanner import examine_scanner
from emla.bootstrap.doctor_store import check_aside, check_backup, check_database, check_sqlite
from emla.bootstrap.own import DATABASE, KEYS, own_authority, own_file
from emla.bootstrap.own_keys import held_in
from emla.bootstrap.own_token import own_token
from emla.bootstrap.schema_folder import schema_folder
from emla.bootstrap.unlock import Chosen
from emla.client.answers import OwnHub, Peer
from emla.client.client import Client
from emla.flow.documents.own import absent_keys
from emla.keyring.files import OPENER_USES
from emla.keyring.folder import KeyFolder
from emla.keyring.wrapping import is_wrapped
from emla.model.documents import Authority, KeyUse
from emla.model.errors import EmlaError, NotFoundError, StoreError
from emla.model.limits import WIRE
from emla.model.settings import Settings
from emla.sandbox.clerk import ClerkProcess
from emla.sandbox.opener import OpenerProcess

__all__ = ["EXPIRY_WARNING_DAYS", "Check", "Verdict", "examine"]

EXPIRY_WARNING_DAYS = 60
_DAY = 86400
_PYTHON_LEAST = (3, 11)


async def examine(
    data: Path, environment: Mapping[str, str], now: int, chosen: Chosen | None = None
) -> tuple[Check, ...]:
    """Run all checks.

    Args:
        data: the data folder.
        environment: the environment variables, for the settings.
        now: UNIX seconds.
        chosen: where passphrase and PIN come from; nobody is asked.
    """
    checks = [*_installation()]
    folder = _data_folder(data)
    checks.append(folder)
    try:
        settings = config.load(data, environment)
        checks.append(ok("settings", f"{data / config.FILE_NAME}"))
    except EmlaError as error:
        checks.append(of_error("settings", error))
        settings = Settings(data=data)
    if folder.verdict is Verdict.FAIL:
        return tuple(checks)
    about_keys, keys = examine_keys(settings, environment, chosen or Chosen())
    checks += [
        *_documents(data, now),
        *_keys_here(data, now),
        *about_keys,
        _disk(settings),
        *check_database(data),
        *check_aside(data),
        *check_backup(settings, now),
    ]
    checks += [await _opener(settings, keys), await _clerk(settings), await examine_scanner(settings)]
    checks += await _server(data, settings, environment)
    return tuple(checks)


def _installation() -> Iterator[Check]:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] >= _PYTHON_LEAST:
        yield ok("python", version)
    else:
        yield fail("python", version, "Install Python 3.11 or newer.")
    yield check_sqlite()
    try:
        yield ok("schemas", str(schema_folder()))
    except EmlaError as error:
        yield of_error("schemas", error)


def _data_folder(data: Path) -> Check:
    other = "Run `emla init`, or name the right folder with --data."
    try:
        standing = data.stat()
    except OSError as error:
        return fail("data folder", f"{data}: {error.strerror}", other)
    if standing.st_uid != os.geteuid():
        return fail("data folder", f"{data} belongs to another user", "Run emla as the user it belongs to.")
    if stat.S_IMODE(standing.st_mode) & 0o077:
        return fail("data folder", f"{data} is open to other users", f"chmod 700 {data}")
    if not any(path.exists() for path in (own_file(data), data / DATABASE)):
        return fail("data folder", f"{data} holds no authority", other)
    return ok("data folder", str(data))


def _documents(data: Path, now: int) -> Iterator[Check]:
    try:
        authority = own_authority(data)
    except StoreError as error:
        yield fail(
            "documents", error.detail, "Look at the disk, and restore the data folder from its backup."
        )
        return
    except EmlaError as error:
        yield fail("documents", error.detail, "Restore the file from its backup.")
        return
    yield _expiry("root", authority.root.expires, now)
    yield _expiry("card", authority.card.expires, now)
    yield from _keys_in_force(authority, now)
    if now < authority.card.created - WIRE.clock_skew_seconds:
        yield fail("clock", "it is before the day on which the own card was made", "Set the clock.")
    else:
        yield ok("clock", "not before the own card; `emla peer ping` compares it with others")


def _expiry(name: str, expires: int, now: int) -> Check:
    days = (expires - now) // _DAY
    remedy = "Publish new documents, signed with the root key."
    if expires <= now:
        return fail(f"own {name}", "has expired", remedy)
    if days <= EXPIRY_WARNING_DAYS:
        return warn(f"own {name}", f"expires in {days} days", remedy)
    return ok(f"own {name}", f"expires in {days} days")


def _keys_in_force(authority: Authority, now: int) -> Iterator[Check]:
    for use in KeyUse:
        key = authority.newest(use, now)
        if key is None:
            remedy = "Publish a card with a new key."
            yield fail(f"{use} key", "the card has none that is valid today", remedy)


def _keys_here(data: Path, now: int) -> Iterator[Check]:
    """Keys of the card whose private halves are lost: a restored backup lacks those that were made after it."""
    try:
        authority = own_authority(data)
        held = held_in(data / KEYS)
    except EmlaError:
        return  # said elsewhere
    for key in absent_keys(authority, held, now):
        yield fail(
            f"{key.use} key",
            f"the private half of {key.kid}, which the card lists, is not here",
            "Replace it: `emla ledger recover` if the ledger is closed, else `emla keys rotate`.",
        )


def _disk(settings: Settings) -> Check:
    usage = shutil.disk_usage(settings.data)
    floor = max(settings.store.disk_floor_bytes, usage.total * settings.store.disk_floor_percent // 100)
    found = f"{usage.free / 1024**3:.1f} GiB free, floor {floor / 1024**3:.1f} GiB"
    if usage.free < floor:
        return fail("disk", found, "Free some space: new packages are refused below the floor.")
    if usage.free < 2 * floor:
        return warn("disk", found, "Free some space soon.")
    return ok("disk", found)


async def _opener(settings: Settings, keys: KeyFolder | None) -> Check:
    folder = settings.data / KEYS
    if keys is None and is_wrapped(folder):
        return warn("opener", "not tried: its keys are locked", "See the private keys above.")
    try:
        wrapping = keys.wrapping(OPENER_USES) if keys else None
        opener = OpenerProcess(
            keys=folder, schemas=schema_folder(), settings=settings.opener, wrapping=wrapping
        )
    except EmlaError as error:
        return of_error("opener", error)
    return await _worker("opener", opener)


async def _worker(name: str, worker: OpenerProcess | ClerkProcess) -> Check:
    """Start a confined child, ask what confines it, and end it."""
    try:
        try:
            await worker.start()
            measures = worker.measures
        finally:
            await worker.close()
    except EmlaError as error:
        remedy = "Report this with the words beside it." if error.code == "internal" else error.entry.remedy
        return fail(name, error.detail or error.entry.meaning, remedy)
    missing = [f"{each.name} ({each.detail})" for each in measures if not each.effective]
    if missing:
        return warn(name, f"runs without {', '.join(missing)}", "Allow it in the container or kernel.")
    return ok(name, f"starts; confined by {', '.join(each.name for each in measures)}")


async def _clerk(settings: Settings) -> Check:
    try:
        clerk = ClerkProcess(schemas=schema_folder(), settings=settings.opener)
    except EmlaError as error:
        return of_error("clerk", error)
    return await _worker("clerk", clerk)


async def _server(data: Path, settings: Settings, environment: Mapping[str, str]) -> list[Check]:
    try:
        async with Client(data / "emla.sock", own_token(environment)) as client:
            status = await client.status()
            words = f"answers as {status.authority}, {status.software}, {status.peers} peers"
            if not status.ready:
                return [warn("server", f"{words}, not ready", "Look at its log.")]
            people = await _people(client)
            return [ok("server", words), *people, *map(_hub, status.hubs), *await _peers(client)]
    except EmlaError as error:
        if error.code != "server-not-running":
            return [of_error("server", error)]
    checks = [warn("server", "does not run", "Start it with `emla serve`.")]
    ports = [("operations port", settings.operations.listen_host, settings.operations.listen_port)]
    if _has_endpoint(data):
        ports.insert(0, ("peer port", settings.peer.listen_host, settings.peer.listen_port))
    for name, host, port in ports:
        checks.append(await asyncio.to_thread(_port, name, host, port))
    return checks


async def _people(client: Client) -> list[Check]:
    """Who the server says we are; a hub knows nobody."""
    try:
        myself = await client.myself()
    except NotFoundError:
        return []
    if myself.alone:
        words = "nobody is on record: whoever may open the socket has every role, and sends alone"
        return [ok("people", words)]
    sends = "waits for an approver" if myself.needs_approval else "needs no second person"
    words = f"you are {myself.name}: {', '.join(myself.roles)}; what is sent here {sends}"
    return [ok("people", words)]


def _has_endpoint(data: Path) -> bool:
    """Whether the server listens for peers; what is wrong with the documents is told elsewhere."""
    try:
        return bool(own_authority(data).card.endpoints)
    except EmlaError:
        return True


def _port(name: str, host: str, port: int) -> Check:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        remedy = "Stop the other program, or change the listen setting."
        return fail(name, f"{host}:{port}: {error.strerror}", remedy)
    return ok(name, f"{host}:{port} is free")


async def _peers(client: Client) -> list[Check]:
    return list(await asyncio.gather(*(_peer(client, each) for each in await client.peers())))


def _hub(hub: OwnHub) -> Check:
    name = f"hub {hub.authority}"
    if not hub.pinned:
        remedy = "Import its card (`emla peer import`): what it holds for us cannot be collected."
        return fail(name, "our card names it, and it is not pinned here", remedy)
    if not hub.reached:
        return warn(name, "does not answer", "Look at the line; what it holds for us comes when it answers.")
    return ok(name, "answers; our mailbox is collected")


async def _peer(client: Client, peer: Peer) -> Check:
    name = f"peer {peer.authority}"
    if not peer.has_endpoint:
        return ok(name, f"is reached through {', '.join(peer.through)}; nobody can ping it")
    try:
        pong = await client.ping(peer.authority)
    except EmlaError as error:
        # A peer that is down is the peer's trouble; ours goes on.
        return warn(name, f"{error.entry.meaning} {error.detail}".strip(), error.entry.remedy)
    if abs(pong.clock_difference_seconds) > WIRE.clock_skew_seconds / 2:
        return fail(name, f"clocks differ by {pong.clock_difference_seconds:+.0f} s", "Set the wrong clock.")
    if pong.card_version_theirs > pong.card_version_known:
        return warn(name, "has a newer card", "Ask for its export and run `emla peer import`.")
    return ok(name, f"answers in {pong.latency_milliseconds:.0f} ms")
