"""The folders that every run begins with: authorities that are initialised, know each other, and have exchanged nothing yet.

Made once for each process, by a run without faults: keys cost more than a whole run does. Their bytes differ from process to
process; nothing that a run decides depends on them.
"""

import asyncio
import random
import shutil
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import aiohttp

from emla.bootstrap.initialise import About, Initialised, initialise
from emla.formats import ed1
from emla.formats.export import encode_export
from emla.keyring.files import GATEWAY_USES, OPENER_USES, FileUse, read_keys
from emla.model.documents import KeyUse
from tests.simulation.draw import draw
from tests.simulation.key_officers import KeyOfficers
from tests.simulation.loop import VirtualLoop
from tests.simulation.network import Network
from tests.simulation.node import PORT, Node, SimulatedClock
from tests.simulation.options import EVIL, HIDDEN, HUB, NAMES, Kind
from tests.simulation.points import Counts
from tests.simulation.weather import RunWeather
from tests.support.authorities import NOW, Party

EPOCH = float(NOW)
"""The wall clock at the beginning of a run."""
HOSTS = {name: f"10.0.0.{number}" for number, name in enumerate((*NAMES, EVIL, HUB), 1)}
_BEFORE_SECONDS = 3 * 86400
"""So that a clock that is a day slow does not fall before the keys."""


@dataclass(frozen=True, slots=True, eq=False)
class House:
    """Where the folders lie, who has one, and the stranger's keys."""

    folder: Path
    names: tuple[str, ...]
    evil: Party


def memory_folder() -> str | None:
    """Where files cost nothing to sync; None where there is no such place."""
    shared, ours = Path("/dev/shm"), tempfile.gettempdir()
    if Path(ours).is_relative_to(shared):
        return ours
    return str(shared) if shared.is_dir() else None


@cache
def house(*, hub: bool = False) -> House:
    """The folders of this process; they end with it.

    Args:
        hub: there is a hub, which every card names and everybody has pinned; one authority cannot be reached but through it.
    """
    keeper = tempfile.TemporaryDirectory(prefix="emla-house-", dir=memory_folder())
    _KEPT.append(keeper)
    folder = Path(keeper.name)
    names = (*NAMES, HUB) if hub else NAMES
    made = {name: _initialise(folder, name, hub=hub) for name in (*names, EVIL)}
    loop = VirtualLoop()
    options = draw(0, Kind.LINE)
    loop.network = Network(loop, RunWeather(options, random.Random(0), calm=True))
    nodes = [make_node(name, folder / name, loop, Counts(), epoch=EPOCH - _BEFORE_SECONDS) for name in names]
    loop.run_until_complete(_introduce(nodes, made))
    for node in nodes:
        node.bury()
        assert not node.errors, node.errors
    loop.bury()
    return House(folder, names, _party(folder / EVIL, made[EVIL]))


_KEPT: list["tempfile.TemporaryDirectory[str]"] = []


def copy_of_the_house(target: Path, made: House) -> None:
    """Folders for a run."""
    for name in made.names:
        shutil.copytree(made.folder / name, target / name)


def make_node(
    name: str, data: Path, loop: VirtualLoop, counts: Counts, *, epoch: float = EPOCH, seed: int = 0
) -> Node:
    """A node whose process is not started yet."""
    address = (HOSTS[name], PORT)
    loop.network.hosts[address] = name
    loop.network.certificates[address] = certificate_of(data)
    return Node(
        name=name,
        data=data,
        host=HOSTS[name],
        loop=loop,
        network=loop.network,
        counts=counts,
        chance=random.Random(f"{name} {seed}"),
        clock=SimulatedClock(loop, epoch),
        is_hub=name == HUB,
        on_exit=lambda node: None,
    )


def certificate_of(data: Path) -> bytes:
    """The certificate that a folder's server shows."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    pem = next((data / "tls").glob("*cert*")).read_bytes()
    return x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)


def _initialise(folder: Path, name: str, *, hub: bool) -> Initialised:
    return initialise(
        folder / name,
        About(
            authority=name,
            names=(("en", f"Central authority {name}"),),
            endpoint_url="" if hub and name == HIDDEN else f"https://{HOSTS[name]}:{PORT}",
            country=name[:2].upper(),
            contacts=(("email", f"desk@{name}.example.org"),),
            languages=("en",),
            time_zone="UTC",
            office_hours="09:00-17:00",
            hubs=(HUB,) if hub and name in NAMES else (),
        ),
        now=int(EPOCH) - _BEFORE_SECONDS,
    )


async def _introduce(nodes: list[Node], made: dict[str, Initialised]) -> None:
    for node in nodes:
        node.start()
    await asyncio.sleep(1.0)
    for node in nodes:
        connector = aiohttp.UnixConnector(str(node.socket))
        async with aiohttp.ClientSession("http://emla", connector=connector) as client:
            for there in made.values():
                if there.authority.id == node.name or (node.name, there.authority.id) == (HUB, EVIL):
                    continue
                answer = await client.post(
                    "/v1/peers",
                    params={"fingerprint": there.fingerprint},
                    data=encode_export(there.authority.documents),
                )
                assert answer.status == 201, await answer.text()
    officers = KeyOfficers({node.name: node for node in nodes}, random.Random(0), EPOCH - _BEFORE_SECONDS)
    for node in nodes:
        if not node.is_hub:
            await officers.appoint(node.name)
    for node in nodes:
        node.stop()
    await asyncio.sleep(60.0)
    assert not any(node.is_up for node in nodes)


def _party(data: Path, made: Initialised) -> Party:
    """An authority with all its keys: what a stranger needs who writes packages by hand."""
    keys = read_keys(data / "keys", GATEWAY_USES | OPENER_USES)
    kids = {use: made.authority.newest(use, int(EPOCH)) for use in KeyUse}
    sign, ledger, seal = kids[KeyUse.SIGN], kids[KeyUse.LEDGER], kids[KeyUse.SEAL]
    assert sign is not None
    assert ledger is not None
    assert seal is not None
    sealing = keys.sealing_key(seal.kid)
    signer, ledger_signer = keys.signer(FileUse.SIGN, sign.kid), keys.signer(FileUse.LEDGER, ledger.kid)
    assert sealing is not None
    assert isinstance(signer, ed1.SigningKey)
    assert isinstance(ledger_signer, ed1.SigningKey)
    return Party(
        id=made.authority.id,
        roots=(),
        sign=signer,
        ledger=ledger_signer,
        seal=sealing,
        authority=made.authority,
    )
