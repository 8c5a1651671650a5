"""Run seeds: `python -m tests.simulation.run --seeds 1000 --start 1 [--jobs 2]`."""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from tests.simulation.life import Result, run_seed, state_directories


def results(first: int, count: int, jobs: int) -> Iterator[Result]:
    """Every seed's result, in order."""
    seeds = range(first, first + count)
    if jobs <= 1:
        yield from map(run_seed, seeds)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(partial(run_seed), seeds, chunksize=max(1, min(10, count // jobs)))


def main() -> int:
    """Run, print violations and the summary; 1 when anything was violated."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--seeds", type=int, default=100)
    words.add_argument("--start", type=int, default=1)
    words.add_argument("--jobs", type=int, default=2)
    words.add_argument("--traces", action="store_true", help="print every seed's trace hash")
    asked = words.parse_args()
    began, bad, kinds = time.monotonic(), 0, Counter[str]()
    totals: Counter[str] = Counter()
    for result in results(asked.start, asked.seeds, asked.jobs):
        if asked.traces:
            print(result.seed, result.trace)
        totals.update(
            hooks=result.tally.hooks,
            orders=result.tally.orders,
            crashes=result.tally.crashes,
            kills=result.tally.kills,
            faults=result.tally.faults,
        )
        totals.update({f"ended by {how}": n for how, n in result.tally.ends.items()})
        if result.violations:
            bad += 1
            kinds.update({v.invariant for v in result.violations})
            for violation in result.violations[:3]:
                print(f"seed {result.seed}: {violation}")
    seconds = time.monotonic() - began
    told = ", ".join(f"{n:,} {what}" for what, n in sorted(totals.items()))
    rate = asked.seeds / seconds * 60
    print(f"{asked.seeds} seeds from {asked.start}, {bad} with violations; {told}")
    print(f"{seconds:.1f} s, {rate:,.0f} seeds a minute")
    for kind, number in kinds.most_common():
        print(f"  {number} seeds: {kind}")
    return 1 if bad else 0


if __name__ == "__main__":
    with state_directories():
        sys.exit(main())
