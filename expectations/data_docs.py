"""The suites and what became of them as pages for people, built by Great Expectations from counts alone.

Its pages ask other people's servers for scripts, styles and a picture that counts readers; all that is taken out.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from expectations.named import (
    AbstractDataContext,
    Expectation,
    ExpectationSuiteIdentifier,
    ExpectationSuiteValidationResult,
    ExpectationValidationResult,
    RunIdentifier,
    ValidationResultIdentifier,
    gx,
    quiet_context,
)
from expectations.records import RECORDS
from expectations.suites import SUITES

HERE = Path(__file__).parent / "templates"
SITE: Final = "towline"
STYLE: Final = "data-docs.css"
RUN: Final = "results"
FROM_ELSEWHERE = re.compile(
    r"<script\b.*?</script>|<style\b.*?</style>|<link\b[^>]*>|<img\b[^>]*>|<footer\b.*?</footer>| onclick=\"[^\"]*\"", re.DOTALL
)
ALL_SUITES: Final = {**SUITES, **RECORDS}


@dataclass(frozen=True, slots=True)
class Result:
    """How many rows one expectation of a suite judged and refused."""

    suite: str
    rule: str
    judged: int
    refused: int


def build(folder: Path, results: Sequence[Result], *, at: datetime, days: int) -> None:
    """Build all pages anew, and put them in the place of those in `folder` when they are whole.

    `at` is when the results were counted, `days` how far back they go.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="data-docs-", dir=folder.parent) as made:
        fresh = Path(made) / folder.name
        _build(fresh, results, at=at, days=days)
        shutil.rmtree(folder, ignore_errors=True)
        fresh.rename(folder)


def _build(fresh: Path, results: Sequence[Result], *, at: datetime, days: int) -> None:
    context = quiet_context()
    store: Any = {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(fresh)}
    index: Any = {"class_name": "DefaultSiteIndexBuilder"}
    context.add_data_docs_site(SITE, {"class_name": "SiteBuilder", "store_backend": store, "site_index_builder": index})
    counted: dict[str, dict[str, Result]] = defaultdict(dict)
    for result in results:
        counted[result.suite][result.rule] = result
    run = RunIdentifier(run_name=RUN, run_time=at)
    for name, named in ALL_SUITES.items():
        suite = context.suites.add(gx.ExpectationSuite(name, expectations=[each() for each in named]))
        if counted[name]:
            _keep(context, name, suite.expectations, counted[name], run)
    context.build_data_docs(site_names=[SITE])
    for page in fresh.rglob("*.html"):
        _make_ours(page, fresh)
    shutil.rmtree(fresh / "static", ignore_errors=True)
    shutil.copy(HERE / STYLE, fresh / STYLE)
    (fresh / "index.html").write_text(_index(fresh, counted, at, days), encoding="utf-8")


def _keep(
    context: AbstractDataContext, name: str, named: Sequence[Expectation], counted: Mapping[str, Result], run: RunIdentifier
) -> None:
    """Give the site builder a result to render; one that no value was ever in."""
    results = [_result(each, counted[each.expectation_type]) for each in named if each.expectation_type in counted]
    held = sum(bool(result.success) for result in results)
    statistics = {
        "evaluated_expectations": len(results),
        "successful_expectations": held,
        "unsuccessful_expectations": len(results) - held,
        "success_percent": 100 * held / len(results) if results else None,
    }
    whole = ExpectationSuiteValidationResult(
        success=held == len(results),
        results=results,
        suite_name=name,
        statistics=statistics,
        meta={"run_id": run, "great_expectations_version": gx.__version__},
    )
    identifier = ValidationResultIdentifier(ExpectationSuiteIdentifier(name), run, batch_identifier=name)
    context.validation_results_store.set(identifier, whole)


def _result(expectation: Expectation, counted: Result) -> ExpectationValidationResult:
    share = 100 * counted.refused / counted.judged if counted.judged else 0.0
    numbers = {"element_count": counted.judged, "unexpected_count": counted.refused, "unexpected_percent": share}
    calm = {"raised_exception": False, "exception_message": None, "exception_traceback": None}
    return ExpectationValidationResult(
        success=counted.refused == 0, expectation_config=expectation.configuration, result=numbers, exception_info=calm
    )


def _make_ours(page: Path, folder: Path) -> None:
    """Take out what a page would fetch from elsewhere, and give it our one stylesheet."""
    text = FROM_ELSEWHERE.sub("", page.read_text(encoding="utf-8"))
    style = "../" * (len(page.relative_to(folder).parts) - 1) + STYLE
    page.write_text(text.replace("</head>", f'<link rel="stylesheet" href="{style}"></head>', 1), encoding="utf-8")


def _index(folder: Path, counted: Mapping[str, Mapping[str, Result]], at: datetime, days: int) -> str:
    """The first page; that of Great Expectations is a script's."""
    pages = {path.stem: path.relative_to(folder).as_posix() for path in folder.glob("validations/**/*.html")}
    suites = [
        {
            "name": name,
            "expectations": len(named),
            "judged": max((one.judged for one in counted[name].values()), default=0),
            "refused": sum(one.refused for one in counted[name].values()),
            "page": pages.get(name),
        }
        for name, named in ALL_SUITES.items()
    ]
    templates = Environment(loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined)
    return templates.get_template("data-docs.html.j2").render(suites=suites, at=at, days=days)
