"""What a quality gate costs: one clean row through each path's suite, and a thousand of them.

`python -m benchmarks.gates` prints each suite's quickest in milliseconds of processor time: a busy machine counts little.
"""

from __future__ import annotations

import argparse
import time
from uuid import uuid4

from expectations.gate import Gate
from expectations.rows import Row
from expectations.suites import SUITES
from tests.expectations.conftest import GOOD


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checks", type=int, default=40, help="checks of each suite")
    checks = parser.parse_args().checks
    gate = Gate()
    print(f"{'suite':14}{'expectations':>14}{'one row':>12}{'1,000 rows':>12}")
    total = 0.0
    for suite, expectations in SUITES.items():
        one = _quickest(gate, suite, 1, checks)
        total += one
        print(f"{suite:14}{len(expectations):>14}{one:>9.1f} ms{_quickest(gate, suite, 1000, max(3, checks // 8)):>9.1f} ms")
    print(f"{'all':14}{sum(map(len, SUITES.values())):>14}{total:>9.1f} ms")


def _quickest(gate: Gate, suite: str, rows: int, checks: int) -> float:
    batch = [_row(suite) for _ in range(rows)]
    gate.check(suite, batch)
    taken = []
    for _ in range(checks):
        begun = time.process_time()
        report = gate.check(suite, batch)
        taken.append((time.process_time() - begun) * 1000)
        if report.failures or report.warnings:
            raise SystemExit(f"{suite}: a row that was to be clean is not")
    return min(taken)


def _row(suite: str) -> Row:
    return {"event_id": uuid4(), "case_id": uuid4(), **GOOD[suite]}


if __name__ == "__main__":
    main()
