"""A clock of the stack's own that can be made to jump: a few lines of C before all of its processes, told by a shared file."""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_suffix(".c")


def prepare(home: Path) -> None:
    """Make the file that tells the time, and what reads it; nothing where there is no C compiler."""
    if (compiler := shutil.which("cc")) is None:
        return
    command = [compiler, "-shared", "-fPIC", "-O2", "-o", str(home / "clock.so"), str(SOURCE), "-ldl"]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603
    (home / "clock").write_bytes(struct.pack("q", 0))
    (home / "clock").chmod(0o644)


def environment(home: Path) -> dict[str, str]:
    """Return what a stack must be started with so that its clock can jump."""
    return {"LD_PRELOAD": str(home / "clock.so"), "CHAOS_CLOCK": str(home / "clock")} if (home / "clock").exists() else {}


def set_to(home: Path, seconds: int) -> bool:
    """Let the clock be so many seconds ahead of (or behind) the true time; False where it cannot be set."""
    if not (home / "clock").exists():
        return False
    with (home / "clock").open("r+b") as shared:  # written in place: the others have it mapped
        shared.write(struct.pack("q", seconds))
    return True
