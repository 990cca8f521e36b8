"""figures: what a hub counts."""

from dataclasses import dataclass


@dataclass(slots=True)
class HubFigures:
    """What became of deposits and items since the start, for metrics."""

    deposited: int = 0
    refused: int = 0
    released: int = 0
    expired: int = 0
