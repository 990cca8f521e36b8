"""The first ``emla.toml``: the settings an operator is likely to touch, each with its default and what it does.

Every other setting stands in docs/reference/settings.md. A value that is commented out is the default.
"""

from emla.model.settings import KeySettings, OpenerSettings, OperationsSettings, PeerSettings, StoreSettings

_TEMPLATE = """\
# Settings of this gateway. A line that begins with # is a comment; the value in it is the default.
# Sizes are in bytes, times in seconds. All settings: docs/reference/settings.md

[peer]
# Where other gateways reach this one. The address in your card is what peers use; a firewall or TLS terminator
# in front must lead it here.
listen_host = "{listen_host}"
listen_port = {listen_port}
# Whether peers may have loopback and private addresses: only for tests and demonstrations on one machine.
# allow_loopback_endpoints = {allow_loopback_endpoints}

[operations]
# Health (/healthz, /readyz) and metrics. Never reachable from outside.
# listen_host = "{operations_host}"
# listen_port = {operations_port}
# log_level = "{log_level}"
# How long a stop waits for what is under way.
# drain_seconds = {drain_seconds}

[store]
# Below this much free space new packages are refused; what was accepted is never lost.
# disk_floor_bytes = {disk_floor_bytes}
# disk_floor_percent = {disk_floor_percent}

[opener]
# What one package may cost the process that decrypts and parses it.
# cpu_seconds = {cpu_seconds}
# memory_bytes = {memory_bytes}
# How often it may kill that process before it is put into quarantine.
# strikes = {strikes}

[keys]
# Where the passphrase of the private keys and the PIN of a token are read at start. Better: systemd credentials,
# docs/how-to/unlock-at-start.md
# passphrase_file = "{passphrase_file}"
# token_pin_file = "{token_pin_file}"
"""


_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def first_settings(endpoint_host: str, endpoint_port: int) -> str:
    """The text of the first ``emla.toml``: listens on the endpoint's port, on loopback only if the endpoint is there."""
    peer, operations, store, opener = PeerSettings(), OperationsSettings(), StoreSettings(), OpenerSettings()
    return _TEMPLATE.format(
        listen_host="127.0.0.1" if endpoint_host in _LOOPBACK else "0.0.0.0",  # noqa: S104 - the operator named an address for peers to reach
        listen_port=endpoint_port,
        allow_loopback_endpoints=str(peer.allow_loopback_endpoints).lower(),
        operations_host=operations.listen_host,
        operations_port=operations.listen_port,
        log_level=operations.log_level,
        drain_seconds=operations.drain_seconds,
        disk_floor_bytes=store.disk_floor_bytes,
        disk_floor_percent=store.disk_floor_percent,
        cpu_seconds=opener.cpu_seconds,
        memory_bytes=opener.memory_bytes,
        strikes=opener.strikes,
        passphrase_file=KeySettings().passphrase_file,
        token_pin_file=KeySettings().token_pin_file,
    )
