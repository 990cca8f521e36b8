"""Pings between gateways."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Ping:
    """One side of a ping. The answer repeats the nonce with the roles exchanged; `at` is the speaker's clock."""

    sender: str
    recipient: str
    at: int
    nonce: bytes
    software: str
    card_version: int
