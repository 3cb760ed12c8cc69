"""What an assessment says about a source that it cannot read: place and reason, never a value."""

from __future__ import annotations

import contextlib
import errno
import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path

from contracts.errors import ContractError, MisconfiguredError


def wrong(path: Path, line: int, field: str, why: str, rule: str) -> ContractError:
    """Return the error for a source that is no table of contacts."""
    return ContractError(f"{path.name}:{line}: {field}: {why}", field=field, rule=rule, cause="assess")


@contextlib.contextmanager
def unreadable(path: Path) -> Iterator[None]:
    """Say in our words why a file cannot be read.

    Raises:
        MisconfiguredError: it is not there, or may not be read.
        ContractError: it is packed, and damaged.
    """
    try:
        yield
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise ContractError(f"{path.name}: is packed by gzip, and damaged", field="file", rule="gzip", cause="assess") from None
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):  # about where we write, not about what we read
            raise
        raise MisconfiguredError(f"{path}: cannot be read: {error.strerror}") from None
