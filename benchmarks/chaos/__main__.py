"""Chaos: the real stack, a steady stream of deals on all paths, and random faults drawn from a seed; then the account.

python -m benchmarks.chaos [--kills 50] [--seed 1]
"""

from __future__ import annotations

import argparse
import random
import sys

import uvloop

from benchmarks.chaos.plan import Kind, plan
from benchmarks.chaos.run import chaos


def main() -> int:
    """Wreak havoc, print the account, and say by the exit code whether anything is missing, double, half-done or forgotten."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10_000))
    parser.add_argument("--deals", type=float, default=0.5, help="deals that begin a second")
    parser.add_argument("--only", choices=[kind.value for kind in Kind], action="append", help="kinds of faults; kills always")
    parser.add_argument("--keep", action="store_true", help="leave the state folder")
    given = parser.parse_args()
    kinds = [kind for kind in Kind if not given.only or kind.value in given.only or kind is Kind.KILL]
    print(f"seed {given.seed}: {given.kills} kills", flush=True)
    return uvloop.run(chaos(given.seed, plan(given.seed, given.kills, kinds), a_second=given.deals, keep=given.keep))


if __name__ == "__main__":
    sys.exit(main())
