"""Every limit of the wire in one place (docs/spec/limits.md). Sizes in bytes, times in seconds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class WireLimits:
    """What a gateway accepts from outside, whatever is claimed."""

    header_bytes: int = 64 * 1024
    document_bytes: int = 64 * 1024
    documents_bytes: int = 512 * 1024
    bundle_bytes: int = 64 * 1024
    manifest_bytes: int = 1024 * 1024
    parts: int = 500
    expiry_seconds_min: int = 3600
    expiry_seconds_max: int = 90 * 86400
    expiry_seconds_default: int = 60 * 86400
    clock_skew_seconds: int = 300
    inline_payload_bytes: int = 256 * 1024
    """A payload up to this size lives in its row and shares the commit; a larger one is a file."""
    payload_bytes: int = 2**53 - 1


WIRE = WireLimits()
