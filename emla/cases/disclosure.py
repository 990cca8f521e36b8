"""disclosure: counts -> what may leave, so that no group under five can be computed from everything that is shown.

Here: bands, withholding, and the attacker that decides how much must be withheld. Why: docs/explanation/statistics.md.

Rules of this file:
- Every number is shown as the band of five that it lies in; what lies in the lowest band is not shown.
- Tables of one group are tied by its total alone: each sorts the same things by one feature. There are no tables by two features.
- The attacker knows all that is shown, this code, and which codes have a hidden case at all. For each hidden cell under five at
  least three of its four values must be left to him. Else more cells of the table are withheld, and in the end the whole group.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from emla.model.statistics import STEP, Band, Counted, Shown

_VALUES_LEFT = 3
_UNBOUNDED = 10**9


def band(count: int) -> Band:
    """The band that a count lies in."""
    least = count - count % STEP
    return Band(least, least + STEP - 1)


def shown(counted: Counted) -> Shown:
    """What may leave of one group."""
    open_tables = {
        name: {code: count for code, count in cells.items() if count >= STEP}
        for name, cells in counted.tables.items()
    }
    total = band(counted.total)
    while (unsafe := _unsafe(total, counted.tables, open_tables)) is not None:
        cells = open_tables[unsafe]
        if not cells:  # all of it is hidden, and the total alone says too much
            return Shown(name=counted.name, total=None, tables={name: {} for name in counted.tables})
        del cells[_to_withhold(cells)]
    return Shown(
        name=counted.name,
        total=total if total.least else None,
        tables={
            name: {code: band(count) for code, count in cells.items()} for name, cells in open_tables.items()
        },
    )


def _to_withhold(cells: Mapping[str, int]) -> str:
    """The smallest cell from ten on: it leaves more room than one of five. The smallest, where there is none such."""
    return min(cells, key=lambda code: (cells[code] < 2 * STEP, cells[code], code))


@dataclass(frozen=True, slots=True, kw_only=True)
class _View:
    """One table as the attacker sees it."""

    listed: tuple[Band, ...]
    small: int
    """Hidden cells of 1 to 4."""
    withheld: int
    """Hidden cells of 5 and more."""

    def total(self) -> tuple[int, int]:
        """What this table alone says of the total."""
        least = sum(each.least for each in self.listed) + self.small + STEP * self.withheld
        most = sum(each.most for each in self.listed) + (STEP - 1) * self.small
        return least, _UNBOUNDED if self.withheld else most

    def small_cell(self, least_total: int, most_total: int) -> tuple[int, int]:
        """What is left of one hidden cell under five, when the total is known to lie between two numbers."""
        least, most = self.total()
        lowest = least_total - (most - (STEP - 1))
        highest = most_total - (least - 1)
        return max(1, lowest), min(STEP - 1, highest)


def _views(
    tables: Mapping[str, Mapping[str, int]], open_tables: Mapping[str, Mapping[str, int]]
) -> Iterator[tuple[str, _View]]:
    for name, cells in tables.items():
        hidden = [count for code, count in cells.items() if code not in open_tables[name]]
        small = sum(1 for each in hidden if 0 < each < STEP)
        listed = tuple(band(each) for each in open_tables[name].values())
        yield name, _View(listed=listed, small=small, withheld=sum(1 for each in hidden if each >= STEP))


def _unsafe(
    total: Band, tables: Mapping[str, Mapping[str, int]], open_tables: Mapping[str, Mapping[str, int]]
) -> str | None:
    """A table in which a hidden cell can be narrowed down too far."""
    views = dict(_views(tables, open_tables))
    known = [view.total() for view in views.values()]
    least = max((total.least, *(low for low, _ in known)))
    most = min((total.most, *(high for _, high in known)))
    for name, view in views.items():
        if view.small:
            low, high = view.small_cell(least, most)
            if high - low + 1 < _VALUES_LEFT:
                return name
    return None
