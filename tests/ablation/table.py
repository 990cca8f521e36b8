"""Every safeguard that a test must hold. A new row goes into the file of its subject (CONTRIBUTING.md)."""

from tests.ablation import (
    rows_backup,
    rows_channel,
    rows_channel_hub,
    rows_exchange,
    rows_faults,
    rows_forms,
    rows_hub,
    rows_hub_member,
    rows_keys,
    rows_ladders,
    rows_limits,
    rows_messages,
    rows_pages,
    rows_relay,
    rows_rules,
    rows_running,
    rows_succession,
    rows_trust,
)
from tests.ablation.safeguard import Safeguard

SAFEGUARDS: tuple[Safeguard, ...] = (
    *rows_trust.ROWS,
    *rows_succession.ROWS,
    *rows_forms.ROWS,
    *rows_ladders.ROWS,
    *rows_keys.ROWS,
    *rows_exchange.ROWS,
    *rows_limits.ROWS,
    *rows_messages.ROWS,
    *rows_running.ROWS,
    *rows_backup.ROWS,
    *rows_faults.ROWS,
    *rows_relay.ROWS,
    *rows_hub.ROWS,
    *rows_hub_member.ROWS,
    *rows_channel.ROWS,
    *rows_channel_hub.ROWS,
    *rows_rules.ROWS,
    *rows_pages.ROWS,
)
