"""How long an assessment takes and what memory, by the command as people type it; all defects that were planted must be found.

python -m benchmarks.assess [--contacts 1000000] [--seed 1]
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from benchmarks.dirty import Shape, write


def main() -> None:
    """Make the table, assess it, print; exit code 1 when a count is not what was planted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contacts", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="towline-assess-") as folder:
        table = Path(folder) / "contacts.csv"
        planted = write(table, Shape.of(arguments.contacts), arguments.seed)
        rows = Counter(cause for cause, _ in {(one.cause, one.line) for one in planted})
        print(f"{arguments.contacts:,} contacts, {table.stat().st_size / 1e6:.0f} MB, {len(planted):,} findings planted")
        seconds, found = assessed(table, Path(folder) / "out")
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    work, peak = used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
    print(f"assessed in {seconds:.1f} s with {work:.1f} s of processor time, at most {peak:.0f} MiB of memory")
    wrong = {cause: (count, found.get(cause, 0)) for cause, count in rows.items() if found.get(cause, 0) != count}
    print("every count is what was planted" if not wrong else f"planted and found differ: {wrong}")
    sys.exit(bool(wrong))


def assessed(table: Path, out: Path) -> tuple[float, dict[str, int]]:
    """Run the command and return seconds and rows by cause."""
    command = [sys.executable, "-m", "cli", "assess", str(table), "--out", str(out), "--json"]
    begun = time.monotonic()
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    return time.monotonic() - begun, {one["cause"]: one["rows"] for one in json.loads(done.stdout)["causes"]}


if __name__ == "__main__":
    main()
