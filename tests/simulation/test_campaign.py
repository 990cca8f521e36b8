"""The campaigns: so many seeds, every promise held in each, and everything met that must be met."""

import re
from pathlib import Path

import pytest

from emla.model.codes import CODES
from tests.simulation.expected import MUST, NOT_IN_FOLDERS, OUT_OF_REACH, RARE, SEEN_ELSEWHERE
from tests.simulation.options import Kind
from tests.simulation.points import Counts
from tests.simulation.run import Campaign, run_seeds

ROOT = Path(__file__).parents[2]
SEEDS = {Kind.LINE: 100, Kind.STORAGE: 80}
SEEDS_THAT_FOUND_SOMETHING = {
    # A sender whose clock was set a day forward and that was started again has the recipient's word, and no RelayAcceptance.
    # 317: a member whose key changed while its hub was away, and that was started again, was refused by the hub for ever.
    # 1449: a replaced package turned out to be delivered, and nobody asked for its RelayAcceptance any more.
    # 3564, 3569: the clock was set back to before the key that signed; 3634: nobody sealed anew when a clock was set right.
    Kind.LINE: (3120, 317, 1449, 3564, 3569, 3634),
    # 449: a revocation came before the card with the next key, and an officer was told to send again later.
    # 162 found nothing: it is the first in which a hub dies right after H5, when it has removed a file.
    Kind.STORAGE: (449, 162),
}
SEEDS_LONG = {Kind.LINE: 5000, Kind.STORAGE: 4000}


def missed(counts: Counts, kind: Kind) -> list[str]:
    """What a campaign should have met and did not."""
    return [
        f"{name}: {what}"
        for name, wanted in MUST[kind].items()
        for what in sorted(wanted)
        if not getattr(counts, name)[what]
    ]


def held(campaign: Campaign, kind: Kind) -> None:
    """Fail with the command that repeats the first failure, and with what was not met."""
    print(campaign)
    assert [ran.replay for ran in campaign.failures] == []
    assert missed(campaign.counts, kind) == []


@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", list(Kind))
def test_every_promise_holds_in_every_run_and_every_point_is_met(kind: Kind) -> None:
    held(run_seeds([*range(1, SEEDS[kind] + 1), *SEEDS_THAT_FOUND_SOMETHING[kind]], kind), kind)


@pytest.mark.long
@pytest.mark.parametrize("kind", list(Kind))
def test_every_promise_holds_in_thousands_of_runs(kind: Kind) -> None:
    first = SEEDS[kind] + 1
    held(run_seeds(range(first, first + SEEDS_LONG[kind]), kind, workers=2), kind)


def test_every_step_of_the_line_and_of_hubs_is_one_at_which_runs_die() -> None:
    page = (ROOT / "docs" / "explanation" / "order-of-writes.md").read_text(encoding="utf-8")
    steps = set(re.findall(r"^\| \**([OIHMCKT]\d+)\** \|", page, flags=re.MULTILINE))
    died_at = {what.split()[0] for wanted in MUST.values() for what in wanted["points"]}
    assert {"O2", "I4", "H2", "M2"} <= steps
    assert steps == {each for each in died_at if re.fullmatch(r"[OIHMCKT]\d+", each)} | SEEN_ELSEWHERE


def test_every_code_is_met_or_it_is_said_why_not() -> None:
    expected = {code for wanted in MUST.values() for code in wanted["codes"]}
    beyond = [code for codes in OUT_OF_REACH.values() for code in codes]
    assert sorted(CODES) == sorted({*expected, *RARE, *beyond})
    assert len(beyond) == len(set(beyond))
    assert not expected & {*RARE, *beyond}


def test_every_invariant_is_judged_or_it_is_said_what_holds_it_instead() -> None:
    texts = [each.read_text(encoding="utf-8") for each in (ROOT / "tests" / "support").glob("*.py")]
    texts.append((ROOT / "tests" / "simulation" / "hub_judged.py").read_text(encoding="utf-8"))
    spelled = re.compile(r"""violation\(\s*(\d+), books|"\[(\d+)\] |^SETTLED = (\d+)""", re.MULTILINE)
    judged = {int(next(filter(None, found))) for text in texts for found in spelled.findall(text)}
    assert not judged & NOT_IN_FOLDERS.keys()
    assert {*range(1, 34)} <= judged | NOT_IN_FOLDERS.keys()
