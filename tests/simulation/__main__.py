"""`make simulate SEED=n`, `make simulate SEEDS=n`, and KIND=storage for power cuts: `python -m tests.simulation --help`."""

import argparse
import os
import sys
import time

from tests.simulation.draw import draw
from tests.simulation.options import Kind
from tests.simulation.run import run_seed, run_seeds


def main() -> int:
    """Run, and say what was found."""
    parser = argparse.ArgumentParser(prog="make simulate")
    parser.add_argument("--seed", type=int, help="run this one and print everything that happened")
    parser.add_argument("--seeds", type=int, default=100, help="run so many")
    parser.add_argument("--first", type=int, default=1, help="the first of them")
    parser.add_argument("--kind", choices=[*Kind], default=Kind.LINE.value)
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    given = parser.parse_args()
    kind = Kind(given.kind)
    if given.seed is not None:
        ran = run_seed(given.seed, kind)
        print("\n".join(ran.trace))
        print(f"seed {given.seed}: {draw(given.seed, kind)}")
        print(ran.found or f"every promise held; quiet {ran.quiet_after:.0f} s after the last fault")
        return 1 if ran.found else 0
    begun = time.monotonic()
    seeds = range(given.first, given.first + given.seeds)
    campaign = run_seeds(seeds, kind, workers=given.workers)
    print(campaign)
    print(f"{time.monotonic() - begun:.1f} s")
    return 1 if campaign.failures else 0


if __name__ == "__main__":
    sys.exit(main())
