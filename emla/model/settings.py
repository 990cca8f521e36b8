"""Settings: everything an operator may set, with its default. Loaded and checked by `emla.config`; docs/reference/settings.md.

Sizes in bytes, times in seconds unless the name says otherwise.
"""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerSettings:
    """Where other gateways reach this one."""

    listen_host: str = "127.0.0.1"
    listen_port: int = 8443
    allow_loopback_endpoints: bool = False
    """Whether peers may have loopback and private addresses: for tests and demonstrations on one machine."""
    transfers_per_peer: int = 64
    request_timeout_seconds: int = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationsSettings:
    """Health and metrics, on a listener of their own."""

    listen_host: str = "127.0.0.1"
    listen_port: int = 9464
    log_level: str = "info"
    drain_seconds: int = 20
    """How long SIGTERM waits for what is under way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSettings:
    """The embedded store."""

    disk_floor_bytes: int = 5 * 1024**3
    """New packages are refused below this much free space; acknowledgements are still taken."""
    disk_floor_percent: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenerSettings:
    """Limits of the opener process."""

    cpu_seconds: int = 60
    memory_bytes: int = 512 * 1024**2
    strikes: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSettings:
    """How messages are sent."""

    expiry_days: int = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySettings:
    """How the private keys are unlocked at start. Empty: another source, see docs/how-to/unlock-at-start.md."""

    passphrase_file: str = ""
    token_pin_file: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupSettings:
    """How backups are made."""

    recipient: str = ""
    """File with the public half of the backup key. Empty: --to names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings of one gateway. `data` is its folder; one folder serves one authority."""

    data: Path
    peer: PeerSettings = field(default_factory=PeerSettings)
    operations: OperationsSettings = field(default_factory=OperationsSettings)
    store: StoreSettings = field(default_factory=StoreSettings)
    opener: OpenerSettings = field(default_factory=OpenerSettings)
    message: MessageSettings = field(default_factory=MessageSettings)
    keys: KeySettings = field(default_factory=KeySettings)
    backup: BackupSettings = field(default_factory=BackupSettings)
