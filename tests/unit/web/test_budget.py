"""A budget: so many in a minute, for each name, and no more than memory can bear."""

from emla.web.budget import Budget


def test_so_many_at_once_and_then_evenly() -> None:
    budget = Budget(60)
    assert [budget.spend("a", 0.0) for _ in range(61)] == [True] * 60 + [False]
    assert not budget.spend("a", 0.9)
    assert budget.spend("a", 1.9)
    assert budget.left("a", 1000.0) == 60.0


def test_one_s_budget_is_nobody_else_s() -> None:
    budget = Budget(1)
    assert budget.spend("a", 0.0)
    assert not budget.spend("a", 0.0)
    assert budget.spend("b", 0.0)


def test_a_clock_that_goes_back_gives_nothing_and_takes_nothing() -> None:
    budget = Budget(60)
    for _ in range(60):
        budget.spend("a", 100.0)
    assert budget.left("a", 50.0) == 0.0


def test_the_names_of_longest_ago_are_forgotten() -> None:
    budget = Budget(1)
    for number in range(10_000):
        budget.spend(str(number), float(number) / 1e6)
    assert len(budget._buckets) == 4096
    assert budget.left("9999", 0.01) < 1.0
    assert budget.left("1", 0.01) == 1.0


def test_who_is_fined_has_nothing_for_a_minute() -> None:
    budget = Budget(60)
    budget.fine("a", 0.0)
    assert not budget.spend("a", 59.0)
    assert not budget.spend("a", 60.5)
    assert budget.spend("a", 61.0)
    assert budget.left("b", 0.0) == 60
