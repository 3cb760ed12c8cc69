"""Log lines are JSON and hold no personal data, whoever writes them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def logged(program: str) -> list[dict[str, Any]]:
    """What a process writes to stderr."""
    start = "import logging\nfrom runtime.logs import configure, get_logger\nconfigure('worker')\nlog = get_logger('test')\n"
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", start + program], check=True, capture_output=True, text=True, cwd=ROOT
    )
    assert done.stdout == ""
    return [json.loads(line) for line in done.stderr.splitlines()]


def test_a_line_says_process_level_time_and_values() -> None:
    (entry,) = logged("log.info('event.done', events=3)")
    assert (entry["process"], entry["level"], entry["event"], entry["events"]) == ("worker", "info", "event.done", 3)
    assert entry["timestamp"].endswith("Z")


def test_an_exception_is_shown_by_kind_and_place_and_never_by_its_text() -> None:
    (entry,) = logged("try:\n    int('ada@northwind.example')\nexcept ValueError:\n    log.exception('failed')")
    assert entry["error"] == "ValueError"
    assert entry["where"]
    assert "ada@" not in json.dumps(entry)


def test_our_own_errors_say_what_they_say() -> None:
    (entry,) = logged(
        "from contracts.errors import RefusedError\n"
        "try:\n    raise RefusedError('crm: declined', cause='crm.http_422')\nexcept RefusedError:\n    log.exception('failed')"
    )
    assert (entry["error"], entry["text"], entry["cause"]) == ("RefusedError", "crm: declined", "crm.http_422")


def test_of_a_library_only_the_text_of_its_program_is_kept() -> None:
    (entry,) = logged("logging.getLogger('slack').warning('sent to %s', 'ada@northwind.example')")
    assert (entry["event"], entry["logger"], entry["level"]) == ("sent to %s", "slack", "warning")


def test_chatter_of_libraries_is_left_out() -> None:
    loud = "library = logging.getLogger('gx')\nlibrary.setLevel(logging.INFO)\nlibrary.info('made a folder')\n"
    assert logged(loud + "log.debug('fine')") == []
