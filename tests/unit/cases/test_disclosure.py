"""What leaves of a statistic: an attacker who knows all of it, and the code, computes no group under five."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emla.cases.disclosure import band, shown
from emla.model.statistics import STEP, Band, Counted, Shown

Cells = tuple[int, ...]
"""The counts of one table; its codes are their places."""
World = tuple[Cells, ...]
"""The tables of one group: the same things, sorted by several features."""


def counted(world: World) -> Counted:
    tables = {
        f"t{n}": {str(place): count for place, count in enumerate(cells) if count}
        for n, cells in enumerate(world)
    }
    return Counted(name="requests-sent", total=sum(world[0]), tables=tables)


def what_leaves(world: World) -> tuple[object, ...]:
    found = shown(counted(world))
    tables = tuple(
        tuple(sorted((code, each.least) for code, each in t.items())) for t in found.tables.values()
    )
    return (found.total and found.total.least, tables)


def pinned(worlds: Iterable[World]) -> list[World]:
    """Worlds in which a cell under five is the same in every world that shows the same numbers."""
    same = defaultdict(list)
    for world in worlds:
        same[what_leaves(world)].append(world)
    found = []
    for group in same.values():
        for table, cells in enumerate(group[0]):
            for place in range(len(cells)):
                values = {world[table][place] for world in group}
                if len(values) == 1 and 0 < min(values) < STEP:
                    found.append(group[0])
    return found


@pytest.mark.parametrize(("codes", "most"), [(2, 30), (3, 15), (4, 10), (5, 6)])
@pytest.mark.parametrize("least", [0, 1])
def test_of_one_table_nobody_computes_a_small_cell(codes: int, most: int, least: int) -> None:
    """The attacker tries every world; with ``least`` 1 he even knows that every code has a case."""
    assert pinned((cells,) for cells in product(range(least, most + 1), repeat=codes)) == []


def test_of_two_tables_of_the_same_things_nobody_computes_a_small_cell() -> None:
    by_sum: dict[int, tuple[list[Cells], list[Cells]]] = defaultdict(lambda: ([], []))
    for number, codes in enumerate((2, 3)):
        for cells in product(range(1, 20), repeat=codes):
            by_sum[sum(cells)][number].append(cells)
    # Whole bands of the total alone: what is cut off in the middle of one is no world that he could leave out.
    assert pinned(world for total in range(2, 20) for world in product(*by_sum[total])) == []


def values_left(found: Shown, table: str, small: int, withheld: int) -> set[int]:
    """What an attacker who counts knows of one of the hidden cells of a table: all sums that can be, cell by cell."""
    listed = list(found.tables[table].values())
    most = sum(each.most for each in listed) + 4 * small + 60 * withheld
    total = range(found.total.least, found.total.most + 1) if found.total else range(most + 1)
    others = sums([*listed, *[Band(1, 4)] * (small - 1), *[Band(5, 60)] * withheld])
    return {value for value in range(1, 5) if any(value + other in total for other in others)}


def sums(cells: Sequence[Band]) -> set[int]:
    found = {0}
    for each in cells:
        found = {one + value for one in found for value in range(each.least, each.most + 1)}
    return found


@settings(max_examples=300)
@given(st.lists(st.one_of(st.integers(1, 4), st.integers(5, 60)), min_size=1, max_size=9))
def test_three_of_the_four_values_are_left_for_each_hidden_cell(cells: list[int]) -> None:
    found = shown(counted((tuple(cells),)))
    hidden = [count for place, count in enumerate(cells) if str(place) not in found.tables["t0"]]
    small = sum(1 for each in hidden if each < STEP)
    if small and (found.total is not None or found.tables["t0"]):
        assert len(values_left(found, "t0", small, len(hidden) - small)) >= 3


def test_numbers_leave_in_bands_and_small_ones_not_at_all() -> None:
    found = shown(counted(((3, 5, 9, 10, 1234),)))
    assert found.total == band(1261) == Band(1260, 1264)
    assert found.tables == {
        "t0": {"1": Band(5, 9), "2": Band(5, 9), "3": Band(10, 14), "4": Band(1230, 1234)}
    }
    assert shown(counted(((4,),))).total is None


def test_a_cell_that_the_others_would_give_away_takes_another_one_with_it() -> None:
    """Four cells at the top of their bands and one of four: the total less the others is four, so one more is withheld."""
    found = shown(counted(((9, 9, 9, 9, 4),)))
    assert found.total == Band(40, 44)
    assert len(found.tables["t0"]) < 4


@given(
    st.lists(st.integers(1, 12), min_size=1, max_size=5), st.lists(st.integers(0, 4), min_size=5, max_size=5)
)
def test_a_later_statistic_tells_no_small_growth_of_a_cell(cells: list[int], growth: list[int]) -> None:
    """Of two instants an attacker has two bands of a cell: what came between is one of five numbers at least."""
    later = tuple(count + more for count, more in zip(cells, growth, strict=False))
    before, after = shown(counted((tuple(cells),))), shown(counted((later,)))
    for code, known in after.tables["t0"].items():
        earlier = before.tables["t0"].get(code, Band(1, 4))
        grown = range(max(0, known.least - earlier.most), known.most - earlier.least + 1)
        assert len(grown) >= STEP


def test_what_another_table_says_of_the_total_is_weighed() -> None:
    """By itself the total is 5 to 9. A cell of five beside two others makes it seven at least, two small cells eight at most."""
    found = shown(counted(((3, 4), (1, 1, 5))))
    assert (found.total, found.tables) == (None, {"t0": {}, "t1": {}})
