"""The demo's gateways: initialised in a folder, run as processes of their own by the command a ministry would use."""

import asyncio
import secrets
import socket as sockets
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from emla.bootstrap.initialise import About, initialise
from emla.bootstrap.own import SOCKET
from emla.model.errors import ConfigurationError
from emla.model.requirements import NOTHING, Requirements
from emla.model.settings import Role

SETTINGS = "emla.toml"
_START_SECONDS = 20
_STOP_SECONDS = 20
_DISK_FLOOR_BYTES = 256 * 1024**2


_OF_THE_DEMO = {
    ("peer", "allow_loopback_endpoints"): "true",
    ("operations", "listen_port"): "0",
    ("store", "disk_floor_bytes"): str(_DISK_FLOOR_BYTES),
    ("store", "disk_floor_percent"): "0",
}


def _settle(settings: Path) -> None:
    """Two gateways on one machine: it stands in their files, so that whoever keeps the folders starts them as they are."""
    section, lines = "", []
    for line in settings.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        name, is_setting, _ = line.lstrip("# ").partition(" = ")
        value = _OF_THE_DEMO.get((section, name)) if is_setting else None
        lines.append(line if value is None else f"{name} = {value}")
    settings.write_text("\n".join(lines) + "\n", encoding="utf-8")


@dataclass(slots=True)
class DemoServer:
    """One authority's folder and, while it runs, its process."""

    id: str
    data: Path
    fingerprint: str
    documents: Path
    role: Role = Role.GATEWAY
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def socket(self) -> Path:
        """The authority's own socket."""
        return self.data / SOCKET

    @property
    def process_id(self) -> int:
        """The gateway's process id; 0 while it does not run."""
        return self.process.pid if self.process else 0

    async def start(self) -> None:
        """Start the gateway and wait until it answers.

        Raises:
            ConfigurationError: it ended, or did not answer in time; its log says why.
        """
        _settle(self.data / SETTINGS)
        self.socket.unlink(missing_ok=True)
        with self.data.with_suffix(".log").open("ab") as log:
            self.process = subprocess.Popen(  # noqa: ASYNC220 (the demo does nothing else meanwhile)
                [sys.executable, "-m", "emla", "serve", "--role", self.role.value, "--data", str(self.data)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        end = time.monotonic() + _START_SECONDS
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > end:
                raise ConfigurationError("server-not-running", f"{self.id} did not start; see {log.name}.")
            await asyncio.sleep(0.02)

    def _answers(self) -> bool:
        with sockets.socket(sockets.AF_UNIX) as probe:
            try:
                probe.connect(str(self.socket))
            except OSError:
                return False
        return True

    def stop(self) -> None:
        """Stop the gateway as an operator would; harmless when it does not run."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def kill(self) -> None:
        """End it as a power cut would: whatever lies on its disk stays as it is."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    @staticmethod
    def now() -> datetime:
        """The wall clock."""
        return datetime.now(UTC)

    @staticmethod
    def random(count: int) -> bytes:
        """Fresh random bytes."""
        return secrets.token_bytes(count)


_WANTED = Requirements(
    documents=(("SEARCH_SEIZURE", ("COURT_ORDER",)), ("ESD_ACCESS", ("COURT_ORDER",))), reply_days=30
)
"""What each of the demo's ministries wants of requests; the sample case has it."""


def make_demo_server(
    folder: Path,
    authority: str,
    name: str,
    country: str,
    *,
    hubs: tuple[str, ...] = (),
    endpoint: bool = True,
    role: Role = Role.GATEWAY,
) -> DemoServer:
    """Initialise an authority on free ports of loopback; without an endpoint it is reached through hubs only."""
    made = initialise(
        folder / authority,
        About(
            authority=authority,
            names=(("en", name),),
            endpoint_url=f"https://127.0.0.1:{free_port()}" if endpoint else "",
            hubs=hubs,
            country=country,
            contacts=(("telephone", "+00 00 555 01 00"), ("email", f"desk@{authority}.example")),
            languages=("en",),
            time_zone="UTC",
            office_hours="09:00-17:00",
            requirements=_WANTED if role is Role.GATEWAY else NOTHING,
        ),
        now=int(time.time()),
    )
    return DemoServer(
        id=authority,
        data=folder / authority,
        fingerprint=made.fingerprint,
        documents=made.documents,
        role=role,
    )


def free_port() -> int:
    """A port of loopback that is free now."""
    with sockets.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
