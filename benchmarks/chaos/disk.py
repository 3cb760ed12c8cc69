"""A disk of PostgreSQL's own that can be made full: a file system in memory, which root may mount and make smaller."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOM = "4g"


@contextlib.contextmanager
def own_disk(home: Path) -> Iterator[None]:
    """Give PostgreSQL's folder a file system of its own, where we may."""
    folder = home / "postgres"
    mounted = os.geteuid() == 0 and shutil.which("mount") is not None
    if mounted:
        folder.mkdir(parents=True)
        mounted = _ran("mount", "-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs", str(folder))
    try:
        yield
    finally:
        if mounted:
            _ran("umount", "--lazy", str(folder))


def full(home: Path) -> bool:
    """Leave no room for anything more; False where the folder has no file system of its own."""
    used = shutil.disk_usage(home / "postgres").used
    return _is_own(home) and _ran("mount", "-o", f"remount,size={used}", str(home / "postgres"))


def roomy(home: Path) -> bool:
    """Make room again."""
    return _is_own(home) and _ran("mount", "-o", f"remount,size={ROOM}", str(home / "postgres"))


def _is_own(home: Path) -> bool:
    return (home / "postgres").is_mount()


def _ran(*command: str) -> bool:
    return subprocess.run(command, check=False, capture_output=True).returncode == 0  # noqa: S603
