"""Row 79: the power is cut, and what was written and not synced is gone, or half of it. Nothing that was acknowledged is lost."""

from dataclasses import replace

import pytest

from tests.simulation.options import Death, Kind
from tests.simulation.points import STEPS
from tests.simulation.run import Campaign, run_options, run_seed
from tests.simulation.scenes import calm_options, message

SENDER, RECIPIENT = "at.moj", "jp.moj"


def test_nothing_acknowledged_is_lost_when_the_power_is_cut() -> None:
    campaign = Campaign()
    for seed in range(2001, 2009):
        ran = run_seed(seed, Kind.STORAGE)
        campaign.add(ran)
        assert ran.found == "", ran.report
    assert campaign.counts.weather["power cuts"] > 20


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", STEPS, ids=[each.replace(" ", "-") for each in STEPS])
def test_nothing_acknowledged_is_lost_when_the_power_is_cut_at_a_step(step: str, when: str) -> None:
    """Large payloads, too: the file, its name and its folder are on the disk before anybody is told."""
    deaths = tuple(
        Death(
            node=node, at=None, job=None, step=step, before=when == "before", down_seconds=5.0, silently=False
        )
        for node in (SENDER, RECIPIENT)
    )
    small = (message(SENDER, RECIPIENT, at=each) for each in (4.0, 6.0))
    planned = (message(SENDER, RECIPIENT, at=1.0, large=True), *small)
    seed = list(STEPS).index(step)
    ran = run_options(replace(calm_options(Kind.STORAGE), seed=seed, planned=planned, deaths=deaths))
    assert ran.found == "", ran.report
