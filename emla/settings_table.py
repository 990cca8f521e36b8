"""The table of every setting with its bounds and meaning; `emla.config` loads by it. The defaults are `emla.model.settings`'s."""

from dataclasses import dataclass

from emla.model.draft import FourEyes
from emla.model.limits import WIRE
from emla.model.settings import (
    BackupSettings,
    CaseSettings,
    EventSettings,
    HubSettings,
    KeySettings,
    LimitSettings,
    MessageSettings,
    OpenerSettings,
    OperationsSettings,
    PeerSettings,
    RelaySettings,
    Role,
    ScannerSettings,
    ServeSettings,
    StoreSettings,
    WebhookSettings,
)

PREFIX = "EMLA_"
Value = str | int | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One row of the table. `least` and `most` bound whole numbers; `choices` a text."""

    section: str
    name: str
    meaning: str
    least: int = 0
    most: int = 2**63 - 1
    choices: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """How people write it: ``peer.listen_port``."""
        return f"{self.section}.{self.name}"

    @property
    def variable(self) -> str:
        """Its environment variable."""
        return f"{PREFIX}{self.section}__{self.name}".upper()

    @property
    def default(self) -> Value:
        """Its default, from `emla.model.settings`."""
        value: Value = getattr(DEFAULTS[self.section], self.name)
        return value


DEFAULTS = {
    "peer": PeerSettings(),
    "operations": OperationsSettings(),
    "store": StoreSettings(),
    "opener": OpenerSettings(),
    "message": MessageSettings(),
    "relay": RelaySettings(),
    "keys": KeySettings(),
    "backup": BackupSettings(),
    "serve": ServeSettings(),
    "hub": HubSettings(),
    "limits": LimitSettings(),
    "cases": CaseSettings(),
    "scanner": ScannerSettings(),
    "events": EventSettings(),
    "webhooks": WebhookSettings(),
}
_PORT = 65535
_DAY = 86400
_MANY = 1_000_000


def _limit(name: str, meaning: str, least: int = 1, most: int = _MANY) -> Setting:
    return Setting(section="limits", name=name, meaning=meaning, least=least, most=most)


_LIMITS = (
    _limit("connections", "Connections of peers and strangers together."),
    _limit("connections_per_peer", "Connections of one peer from one address; also opened to one peer."),
    _limit("connections_per_address", "Connections of one address that nothing signed has come through yet."),
    _limit("connections_per_minute", "New connections of one address in a minute."),
    _limit("handshake_seconds", "How long a TLS handshake may take.", most=600),
    _limit("header_seconds", "How long the head of a call may take to arrive.", most=600),
    _limit("idle_seconds", "How long a connection is kept between two calls.", most=3600),
    _limit("body_bytes_per_second", "The least rate at which a body must arrive.", least=0),
    _limit(
        "body_seconds", "Over how long that rate is measured, and within which an answer is taken.", most=3600
    ),
    _limit(
        "body_memory_bytes", "Memory for bodies on their way; strangers may fill half.", 4 * 1024**2, 2**40
    ),
    _limit(
        "unsigned_per_minute", "Calls of one address without the signature of a pinned peer, in a minute."
    ),
    _limit("refused_per_minute", "Calls of one peer that are refused or come to nothing, in a minute."),
    _limit(
        "uploads_per_peer",
        "Payloads above 256 KiB on their way from one peer; also sent to one peer.",
        most=1024,
    ),
    _limit(
        "reserved_bytes_per_peer",
        "Bytes of payloads on their way from one peer; one may be larger.",
        0,
        2**50,
    ),
)

_SCANNER = (
    Setting(
        section="scanner",
        name="clamd",
        meaning="Unix socket of a ClamAV daemon that scans what peers sent before an officer opens it.",
    ),
    Setting(
        section="scanner",
        name="command",
        meaning="Or a program that does: its absolute path and arguments. It reads its standard input, or `{file}` among them.",
    ),
    Setting(
        section="scanner",
        name="found_status",
        least=1,
        most=125,
        meaning="The status with which the program ends when it has found something. 0 is clean; any other: it failed.",
    ),
    Setting(
        section="scanner",
        name="seconds",
        least=1,
        most=1800,
        meaning="How long the scan of one part may take.",
    ),
    Setting(
        section="scanner",
        name="part_bytes_max",
        least=1024,
        most=2**40,
        meaning="A larger part is not given to the scanner. Not more than the scanner itself looks at.",
    ),
    Setting(
        section="scanner",
        name="too_large",
        choices=("refuse", "allow"),
        meaning="Whether a part that is too large for the scanner is kept back, or handed over all the same.",
    ),
    Setting(
        section="scanner",
        name="again_hours",
        least=0,
        most=8760,
        meaning="After so many hours a part is scanned once more when it is opened. 0: at each opening.",
    ),
    Setting(
        section="scanner",
        name="at_once",
        least=1,
        most=64,
        meaning="How many parts are scanned at the same time.",
    ),
)

_WEBHOOKS = tuple(
    Setting(section="webhooks", name=name, least=least, most=most, meaning=meaning)
    for name, least, most, meaning in (
        ("allowed_hosts", 0, 0, "Hosts to which events may be posted, commas between; with `:port` where it is not 443."),
        ("allow_private_addresses", 0, 0, "Whether they may be in a private network, as a case system in the house is."),
        ("allow_loopback", 0, 0, "Whether they may be this machine, also over plain http: for tests on one machine only."),
        ("ca_file", 0, 0, "Certificates (PEM) by which theirs are judged: the ministry's own authority. Empty: the system's."),
        ("timeout_seconds", 1, 60, "How long a target may take for one event, connection and answer together."),
    )
)  # fmt: skip

SETTINGS: tuple[Setting, ...] = (
    Setting(section="peer", name="listen_host", meaning="Address on which other gateways reach this one."),
    Setting(section="peer", name="listen_port", most=_PORT, meaning="TCP port; 0 lets the system choose."),
    Setting(
        section="peer",
        name="allow_loopback_endpoints",
        meaning="Whether peers may have loopback and private addresses: for tests on one machine only.",
    ),
    Setting(
        section="peer",
        name="transfers_per_peer",
        least=1,
        most=1024,
        meaning="How many packages may be on their way to one peer at the same time.",
    ),
    Setting(
        section="peer",
        name="request_timeout_seconds",
        least=1,
        most=3600,
        meaning="How long a peer may be silent before a transfer is given up and tried again later.",
    ),
    Setting(section="operations", name="listen_host", meaning="Address of /healthz, /readyz and /metrics."),
    Setting(section="operations", name="listen_port", most=_PORT, meaning="Their TCP port."),
    Setting(
        section="operations",
        name="log_level",
        choices=("debug", "info", "warning", "error"),
        meaning="The least important lines that are still logged.",
    ),
    Setting(
        section="operations",
        name="drain_seconds",
        most=_DAY,
        meaning="How long SIGTERM waits for what is under way.",
    ),
    Setting(
        section="store",
        name="disk_floor_bytes",
        meaning="New packages are refused below this much free space; "
        "acknowledgements are still taken, at a hub down to half of it.",
    ),
    Setting(
        section="store",
        name="disk_floor_percent",
        most=99,
        meaning="The same as a share of the disk; the larger of the two floors counts.",
    ),
    Setting(
        section="opener",
        name="cpu_seconds",
        least=1,
        most=_DAY,
        meaning="Processor time the opener may use on one package, or the clerk on one message.",
    ),
    Setting(
        section="opener",
        name="memory_bytes",
        least=128 * 1024**2,
        meaning="Memory the opener may use, and the clerk.",
    ),
    Setting(
        section="opener",
        name="strikes",
        least=1,
        most=100,
        meaning="How often the opener may die on one package before the package goes into quarantine.",
    ),
    Setting(
        section="message",
        name="expiry_days",
        least=1,
        most=WIRE.expiry_seconds_max // _DAY,
        meaning="How long a message is tried when its sender names no time.",
    ),
    Setting(
        section="message",
        name="four_eyes",
        choices=tuple(each.value for each in FourEyes),
        meaning="Whether another person must approve a message before it is sent: auto, once anybody on record is an approver.",
    ),
    Setting(
        section="message",
        name="draft_days",
        least=1,
        most=90,
        meaning="How long a draft waits for its approver, or for its drafter after it was returned; then its content goes.",
    ),
    Setting(
        section="relay",
        name="overdue_seconds",
        least=60,
        most=WIRE.expiry_seconds_max,
        meaning="A package that has waited longer for its RelayAcceptance is called overdue. It is tried all the same.",
    ),
    Setting(
        section="relay",
        name="overdue_urgent_seconds",
        least=60,
        most=WIRE.expiry_seconds_max,
        meaning="The same of an urgent package.",
    ),
    Setting(
        section="relay",
        name="hold_after_refusals",
        least=2,
        most=10_000,
        meaning="A leg is put aside when it alone was refused so often in a row, while others to the peer went well.",
    ),
    Setting(
        section="relay",
        name="hold_after_seconds",
        least=3600,
        most=WIRE.expiry_seconds_max,
        meaning="A leg is put aside when it was refused for so long, however the others fare.",
    ),
    Setting(
        section="keys",
        name="passphrase_file",
        meaning="File (mode 0600) with the passphrase of the private keys, below the data folder or absolute.",
    ),
    Setting(
        section="keys",
        name="token_pin_file",
        meaning="File (mode 0600) with the PIN of the hardware token, below the data folder or absolute.",
    ),
    Setting(
        section="backup",
        name="recipient",
        meaning="File with the public half of the backup key (.pub.json), below the data folder or absolute.",
    ),
    Setting(
        section="serve",
        name="role",
        choices=tuple(Role),
        meaning="What `emla serve` runs here: a gateway, or a hub that holds sealed packages for others.",
    ),
    Setting(
        section="hub",
        name="mailbox_items_max",
        least=1,
        meaning="How many packages a hub holds for one member; twice as many acknowledgements and documents.",
    ),
    Setting(
        section="hub",
        name="mailbox_bytes_max",
        least=1024**2,
        meaning="How many bytes a hub holds for one member; one package always has room.",
    ),
    Setting(
        section="hub",
        name="member_items_max",
        least=1,
        meaning="The same, from one member. Less than a mailbox holds, or one member could fill it.",
    ),
    Setting(
        section="hub",
        name="member_bytes_max",
        least=1024**2,
        meaning="The same, from one member; also the largest package, and all large ones on their way from it together.",
    ),
    Setting(
        section="cases",
        name="first_reminder_days",
        least=1,
        most=365,
        meaning="So many days before a time limit of a case ends, people are reminded of it.",
    ),
    Setting(
        section="cases",
        name="last_reminder_days",
        least=1,
        most=365,
        meaning="And once more so many days before.",
    ),
    Setting(
        section="cases",
        name="receipt_reminder_days",
        least=1,
        most=365,
        meaning="So many days after a request arrived whose receipt is not confirmed.",
    ),
    Setting(
        section="cases",
        name="erase_after_days",
        most=36_500,
        meaning="So many days after the last act of a closed case it is erased here; 0: never by itself.",
    ),
    Setting(
        section="cases",
        name="retention_reminder_days",
        least=1,
        most=365,
        meaning="So many days before the time ends for which an owner lets something be kept, people are reminded.",
    ),
    Setting(
        section="cases",
        name="erase_outlived_days",
        most=36_500,
        meaning="So many days after it the content of a message is erased here if its owner says DELETE; 0: never by itself.",
    ),
    Setting(
        section="cases",
        name="names_in_access_reports",
        meaning="Whether owners who ask who read what is theirs hear the names of officers, and not their roles alone.",
    ),
    Setting(
        section="events",
        name="streams",
        least=1,
        most=1024,
        meaning="How many callers may be told what happens, each on a connection that stays open, at the same time.",
    ),
    *_LIMITS,
    *_SCANNER,
    *_WEBHOOKS,
)
