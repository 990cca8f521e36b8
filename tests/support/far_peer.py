"""A peer of ours as we know it from its documents, and the TLS key of its address; who stands there, a test decides."""

import time
from dataclasses import dataclass
from pathlib import Path

from emla.bootstrap.initialise import About, initialise
from emla.keyring.tls import TlsFiles, check_tls
from emla.model.documents import Authority
from tests.support.ports import free_port


@dataclass(frozen=True, slots=True, kw_only=True)
class FarPeer:
    """What a transport needs to call it."""

    authority: Authority
    tls: TlsFiles
    port: int


def far_peer(folder: Path, authority: str = "de.bfj") -> FarPeer:
    """Make an authority with an endpoint on loopback."""
    port = free_port()
    made = initialise(
        folder / authority,
        About(
            authority=authority,
            names=(("en", "Central authority"),),
            endpoint_url=f"https://127.0.0.1:{port}",
            country=authority[:2].upper(),
            contacts=(("email", "desk@example.org"),),
            languages=("en",),
            time_zone="UTC",
            office_hours="09:00-17:00",
        ),
        now=int(time.time()),
    )
    return FarPeer(authority=made.authority, tls=check_tls(folder / authority / "tls"), port=port)
