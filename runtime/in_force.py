"""What is in force of the agreed files, as a copy in the state folder that programs read; it must not know which programs.

A file that was edited counts once somebody has proposed it, another one has approved it, and its time has come.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import tempfile
from pathlib import Path

from contracts.changes import Texts, check, fingerprint, texts
from contracts.errors import MisconfiguredError, TowlineError
from contracts.files import IN_FORCE, OWN, FileError, agreed
from ledger.database import Ledger
from runtime.logs import get_logger
from runtime.settings import Settings

LOOK = 5.0
"""Seconds between looks at whether a change has taken effect."""

log = get_logger("contracts")


def place(settings: Settings) -> Path:
    """Return where the copy of what is in force lies."""
    return settings.state / "contracts" / "in-force"


def follow(settings: Settings) -> None:
    """Let this process read what is in force from now on; call it before anything agreed is read."""
    os.environ[IN_FORCE] = str(place(settings))


async def put_in_force(settings: Settings, ledger: Ledger) -> None:
    """Make the copy of what is in force. At a first start the house's own files come into force.

    They also do where this version of the house cannot read what was: code and files come together, and were deployed.

    Raises:
        FileError: a file of the house is wrong.
        MisconfiguredError: the state folder cannot be written.
        RetryableError: the ledger is not there.
    """
    own = texts(OWN)
    async with ledger.begin() as books:
        found = await books.changes.in_force()
        if found is None:
            await books.changes.install(own, reason="as they were at the first start")
        elif found.fingerprint != fingerprint(own) and (why := _misfit(found.texts)):
            reason = f"this version cannot read what was in force: {why}"
            await books.changes.install(own, reason=reason, instead_of=found.id)
            log.warning("files came into force with this version", reason=reason)
        elif found.fingerprint != fingerprint(own):
            log.warning("files differ from what is in force; `towline contracts propose` makes a change of it")
        found = await books.changes.in_force()
    if found is not None:
        _copy(settings, found.texts)


async def until_changed(settings: Settings, ledger: Ledger) -> None:
    """Return when something else is in force than this process has read, with the copy renewed; a restart then reads it.

    Never returns in a process that reads no copy. What this version cannot read is left alone, and said once.
    """
    if agreed() == OWN:
        await asyncio.Event().wait()
    read, unreadable = fingerprint(texts(agreed())), None
    while True:
        await asyncio.sleep(LOOK)
        with contextlib.suppress(TowlineError):
            async with ledger.begin() as books:
                now = await books.changes.fingerprint_in_force()
                if now is None or now in (read, unreadable):
                    continue
                found = await books.changes.in_force()
            if found is None:
                continue
            if why := _misfit(found.texts):
                unreadable = found.fingerprint
                log.error("a change has taken effect that this version cannot read", change=found.id, reason=why)
                continue
            _copy(settings, found.texts)
            log.info("a change has taken effect", change=found.id)
            return


def _misfit(files: Texts) -> str:
    """Why this version of the house cannot read these files; nothing where it can."""
    with tempfile.TemporaryDirectory() as folder:
        _write(files, Path(folder))
        try:
            check(Path(folder))
        except FileError as error:
            return error.text.replace(f"{folder}/", "")
    return ""


def _copy(settings: Settings, files: Texts) -> None:
    """Write the files beside the copy that is there, and put them in its place in one step; who reads that one may go on."""
    link = place(settings)
    former = link.resolve()
    folder = link.parent / fingerprint(files)[:16]
    try:
        if not folder.exists():
            link.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            fresh = Path(tempfile.mkdtemp(dir=link.parent, prefix="."))
            _write(files, fresh)
            try:
                fresh.rename(folder)
            except OSError:  # another process was quicker
                shutil.rmtree(fresh)
        pointer = link.parent / f".{os.getpid()}"
        pointer.unlink(missing_ok=True)
        pointer.symlink_to(folder.name)
        pointer.replace(link)
        for old in link.parent.iterdir():
            if old not in (link, folder, former) and not old.name.startswith("."):
                shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise MisconfiguredError(f"{link.parent}: cannot be written: {error.strerror}") from None


def _write(files: Texts, folder: Path) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
