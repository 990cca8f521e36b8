"""Settings: everything an operator may set, with its default. Loaded and checked by `emla.config`; docs/reference/settings.md.

Sizes in bytes, times in seconds unless the name says otherwise.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from emla.model.draft import FourEyes


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
    """New packages are refused below this much free space; acknowledgements are still taken, at a hub down to half of it."""
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
    four_eyes: str = FourEyes.AUTO.value
    """When a message needs a second person before it is sent."""
    draft_days: int = 14
    """How long a draft waits for one, and how long one that was returned is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RelaySettings:
    """When a leg is called overdue, and when one that is refused again and again is put aside."""

    overdue_seconds: int = 86400
    overdue_urgent_seconds: int = 3600
    hold_after_refusals: int = 10
    """So many refusals in a row, while other legs to the same peer went well."""
    hold_after_seconds: int = 7 * 86400
    """Refused for so long, however the others fare."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySettings:
    """How the private keys are unlocked at start. Empty: another source, see docs/how-to/unlock-at-start.md."""

    passphrase_file: str = ""
    token_pin_file: str = ""


class Role(StrEnum):
    """What `emla serve` runs on a data folder."""

    GATEWAY = "gateway"
    HUB = "hub"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeSettings:
    """What this folder is served as."""

    role: str = Role.GATEWAY.value


@dataclass(frozen=True, slots=True, kw_only=True)
class HubSettings:
    """How much a hub holds. One package always has room in an empty mailbox, when it is no larger than `member_bytes_max`."""

    mailbox_items_max: int = 100_000
    """For one member."""
    mailbox_bytes_max: int = 64 * 1024**3
    member_items_max: int = 25_000
    """From one member: a quarter of a mailbox. What an owner cannot take stays for weeks, and no one member may fill it up."""
    member_bytes_max: int = 16 * 1024**3


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitSettings:
    """How much of this gateway callers may take up (docs/adr: limits that honest traffic never meets).

    An address is an IPv4 address or an IPv6 network of /64. A stranger is a connection through which nothing signed by a
    pinned peer has come yet.
    """

    connections: int = 512
    connections_per_peer: int = 16
    """Of one peer from one address; also how many this gateway opens to a peer."""
    connections_per_address: int = 16
    """Strangers of one address at the same time."""
    connections_per_minute: int = 240
    """New connections of one address."""
    handshake_seconds: int = 10
    header_seconds: int = 10
    idle_seconds: int = 30
    body_bytes_per_second: int = 16 * 1024
    body_seconds: int = 30
    """A body must have brought its least rate over this time; an answer must have been taken within it."""
    body_memory_bytes: int = 128 * 1024**2
    """Bodies held in memory, of all callers together; strangers may fill half of it."""
    unsigned_per_minute: int = 30
    """Calls of one address that no pinned peer's signature stands behind."""
    refused_per_minute: int = 600
    """Calls of one peer that are refused or come to nothing."""
    uploads_per_peer: int = 8
    """Payloads of files, on their way at the same time; also how many this gateway sends to a peer."""
    reserved_bytes_per_peer: int = 8 * 1024**3


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupSettings:
    """How backups are made."""

    recipient: str = ""
    """File with the public half of the backup key. Empty: --to names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseSettings:
    """When people are reminded of what is due in a case, and how long a closed one is kept."""

    first_reminder_days: int = 14
    last_reminder_days: int = 3
    receipt_reminder_days: int = 14
    """So long after a request arrived without a confirmation of its receipt (BR-051). No law sets this day."""
    erase_after_days: int = 0
    """So long after the last act of a closed case everything that is here of it is erased. 0: never by itself."""
    retention_reminder_days: int = 30
    """So long before the time ends for which its owner lets something be kept."""
    erase_outlived_days: int = 0
    """So long after that time the content of a message whose owner says DELETE is erased. 0: never by itself."""
    names_in_access_reports: bool = False
    """Whether owners who ask who read what is theirs are told the names of officers, and not their roles alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScannerSettings:
    """The ministry's malware scanner, which looks at what peers sent before an officer opens it. None by default."""

    clamd: str = ""
    """The Unix socket of a ClamAV daemon."""
    command: str = ""
    """Or a program, with its arguments."""
    found_status: int = 1
    """With which status it ends when it has found something; with 0 when not, with any other when it failed."""
    seconds: int = 120
    part_bytes_max: int = 100 * 1024**2
    """What is larger is not given to it. ClamAV by default calls what is larger clean without a look."""
    too_large: str = "refuse"
    again_hours: int = 24
    at_once: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSettings:
    """How case systems are told what happened."""

    streams: int = 64
    """Streams of events at the same time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSettings:
    """Where events may be posted to. Nowhere by default."""

    allowed_hosts: str = ""
    """Hosts with commas between; one with another port than 443 is written with it."""
    allow_private_addresses: bool = False
    """Whether such a host may be in a private network, as a case system often is."""
    allow_loopback: bool = False
    """Whether it may be this machine, also without TLS: for tests and demonstrations on one machine."""
    ca_file: str = ""
    """Certificates, in PEM, by which theirs are judged. Empty: those of the system."""
    timeout_seconds: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings of one gateway. `data` is its folder; one folder serves one authority."""

    data: Path
    peer: PeerSettings = field(default_factory=PeerSettings)
    operations: OperationsSettings = field(default_factory=OperationsSettings)
    store: StoreSettings = field(default_factory=StoreSettings)
    opener: OpenerSettings = field(default_factory=OpenerSettings)
    message: MessageSettings = field(default_factory=MessageSettings)
    relay: RelaySettings = field(default_factory=RelaySettings)
    keys: KeySettings = field(default_factory=KeySettings)
    serve: ServeSettings = field(default_factory=ServeSettings)
    hub: HubSettings = field(default_factory=HubSettings)
    limits: LimitSettings = field(default_factory=LimitSettings)
    backup: BackupSettings = field(default_factory=BackupSettings)
    cases: CaseSettings = field(default_factory=CaseSettings)
    scanner: ScannerSettings = field(default_factory=ScannerSettings)
    events: EventSettings = field(default_factory=EventSettings)
    webhooks: WebhookSettings = field(default_factory=WebhookSettings)
