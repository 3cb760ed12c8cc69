"""What the documents say is so: nothing that people can use is missing in them, and nothing in them is missing in the code."""

from __future__ import annotations

import inspect
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import typer
from prometheus_client.metrics_core import Metric
from typer.core import TyperGroup

from cli.main import COMMANDS
from connectors import google
from connectors.billing import stripe_hooks
from connectors.billing.stripe_calls import VERSION
from connectors.crm import hubspot_words
from connectors.remedies import REMEDIES
from contracts.budgets import budgets
from contracts.catalog import catalog
from contracts.rules import Rules
from contracts.systems import System
from expectations.named import FailureSeverity
from expectations.suites import SUITES
from ledger.database import Ledger
from runtime.settings import Settings
from sandbox.settings import Settings as SandboxSettings
from tests.house.pages import DOCS, PAGES, README, ROOT, RUNBOOKS, code_of, links_of, tables_of, text_of
from web.app import create_app
from web.metrics import Metrics

OPERATIONS = text_of("operations.md")
CONNECTORS = text_of("connectors.md")
PARTS = ["What failed", "Verify the impact", "Who approves the workaround", "When to escalate"]
COMPLETION = {"--help", "--install-completion", "--show-completion", "--json"}
REGISTRIES = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("golang", "org"),
        ("crates", "io"),
    )
]


def commands() -> Iterator[tuple[str, Any]]:
    """Every command by its whole name, with what it takes."""
    for name, noun in COMMANDS.items():
        module = __import__(noun.module, fromlist=["app"])
        command = typer.main.get_command(module.app)
        parts = command.commands if isinstance(command, TyperGroup) else {"": command}
        yield from ((f"{name} {part}".strip(), found) for part, found in parts.items())


def test_every_command_is_in_the_operators_page() -> None:
    assert [name for name, _ in commands() if f"`towline {name}" not in OPERATIONS] == []


def test_every_option_of_a_command_is_in_the_operators_page() -> None:
    options = {(name, option) for name, command in commands() for parameter in command.params for option in parameter.opts}
    options = {(name, option) for name, option in options if option.startswith("--") and option not in COMPLETION}
    assert options
    assert [(name, option) for name, option in sorted(options) if not re.search(rf"{option}\b", OPERATIONS)] == []


def test_every_setting_is_in_the_operators_page() -> None:
    names = [str(field.validation_alias or f"TOWLINE_{name.upper()}") for name, field in Settings.model_fields.items()]
    assert [name for name in names if f"`{name}`" not in OPERATIONS and f"`{name}=" not in OPERATIONS] == []


def test_every_setting_of_the_sandbox_is_described() -> None:
    names = [str(field.validation_alias) for field in SandboxSettings.model_fields.values()]
    assert [name for name in names if name not in CONNECTORS + OPERATIONS] == []


def test_every_metric_is_in_the_operators_page() -> None:
    families: list[Metric] = list(Metrics().registry.collect())
    names = [f"{family.name}_total" if family.type == "counter" else family.name for family in families]
    assert names
    assert [name for name in names if f"`{name}`" not in OPERATIONS] == []


def test_every_route_of_the_gateway_is_in_the_operators_page() -> None:
    secrets = {"crm_webhook_secrets": "secret", "billing_webhook_secrets": "secret"}
    given: dict[str, Any] = {"events_secrets": "whsec_c2VjcmV0", "api_token": "token", **secrets}
    app = create_app(Settings(_env_file=None, **given), Ledger("postgresql+asyncpg://nobody@/nowhere"), catalog())
    paths = [route.path for route in vars(app)["_app"].routes]
    assert "/events" in paths
    assert [path for path in paths if not re.search(rf"`(GET|POST) {re.escape(path)}[`?]", OPERATIONS)] == []


def test_every_call_of_the_sandboxs_control_interface_is_described() -> None:
    from sandbox.app import create_app as create_sandbox

    routes = create_sandbox(SandboxSettings(limits=False)).routes
    paths = {path for route in routes if (path := getattr(route, "path", "")).startswith("/_sandbox")}
    assert paths
    assert [path for path in sorted(paths) if f" {path}" not in CONNECTORS] == []


def test_every_status_that_has_a_remedy_is_in_the_table() -> None:
    assert [status for status in REMEDIES if str(status) not in CONNECTORS] == []


def test_every_code_of_google_that_outranks_the_status_is_named() -> None:
    assert [code for code in google.REMEDIES if f"`{code}`" not in CONNECTORS] == []


def test_every_property_that_we_add_in_the_crm_is_described() -> None:
    rows = tables_of("connectors.md", "HubSpot", "on")
    described = {
        (kind, name) for kinds, names, _ in rows for kind in kinds.split(", ") for name in re.findall(r"towline_\w+", names)
    }
    assert described == {(kind, name) for kind, names in hubspot_words.OUR_PROPERTIES.items() for name in names}


def test_every_webhook_of_billing_that_becomes_an_event_is_named() -> None:
    types = set(re.findall(r'^    "([a-z_.]+)": _\w+,$', inspect.getsource(stripe_hooks), re.MULTILINE))
    assert "invoice.paid" in types
    assert {row[0] for row in tables_of("connectors.md", "Billing", "Stripe tells")} == types
    assert [name for name in types if f"`{name}`" not in OPERATIONS] == []


def test_every_vendor_and_the_version_of_billing_are_named() -> None:
    vendors = [name for kind in System for name in get_args(get_args(Settings.model_fields[kind.value].annotation)[0])]
    assert "stripe" in vendors
    assert [name for name in vendors if f"={name}`" not in CONNECTORS or f"`{name}`" not in OPERATIONS] == []
    assert VERSION in CONNECTORS


def test_every_limit_of_a_vendor_is_described_as_it_is_kept() -> None:
    shown = {
        name: row for row in tables_of("connectors.md", "Budgets", "limit") for name in re.findall(r"[a-z-]+\.[a-z-]+", row[0])
    }
    limits = {f"{vendor}.{limit.name}": limit for vendor, one in budgets().items() for limit in one.limits}
    assert set(shown) == set(limits)
    for name, limit in limits.items():
        _, published, kept = shown[name]
        assert published.startswith(f"{limit.calls:,} in {limit.seconds:g} s"), name
        assert kept.startswith(f"{limit.burst:,} at once, {limit.rate:g} a second" if limit.rate else "never more"), name


def test_every_clause_of_the_trigger_rules_is_described() -> None:
    clauses = set(Rules.model_fields)
    assert {row[0] for row in tables_of("operations.md", "Trigger rules", "clause")} == clauses
    assert {row[0].split("/")[1] for row in tables_of("runbooks/rules.md", "What failed", "cause")} == clauses


def test_every_cause_of_a_gate_that_a_page_names_can_come() -> None:
    causes = {f"gate/{suite}/{expectation().expectation_type}" for suite, named in SUITES.items() for expectation in named}
    named = {cause for page in PAGES for cause in re.findall(r"gate/[a-z]+/[a-z_]+", code_of(page))}
    assert named
    assert named - causes == set()


@pytest.mark.parametrize("runbook", sorted(RUNBOOKS.glob("*.md")), ids=lambda path: path.name)
def test_a_runbook_quotes_what_a_gate_says_when_it_stops_a_deal(runbook: Path) -> None:
    """A warning stops nothing, so nobody is to look for it among the causes."""
    agreed = catalog()
    titles = {entry.title for entry in agreed.entries.values()} | {operation.title for operation in agreed.operations}
    wrong = []
    for item in re.split(r"\n(?:- |\n)", runbook.read_text(encoding="utf-8")):
        suites = [SUITES[name] for name in re.findall(r"`gate/([a-z]+)/", item)]
        said = {rule().description for suite in suites for rule in suite if rule().severity is FailureSeverity.CRITICAL}
        quoted = {" ".join(words.split()) for words in re.findall(r'"([^"]+)"', item)} if suites else set()
        wrong += sorted(quoted - said - titles)
    assert wrong == []


def test_every_runbook_that_the_catalog_or_the_code_names_is_there() -> None:
    agreed = catalog()
    named = {entry.runbook for entry in agreed.entries.values()} | {operation.runbook for operation in agreed.operations}
    named |= {found for source in _sources() for found in re.findall(r"docs/runbooks/[\w-]+\.md", source.read_text())}
    assert len(named) >= 4
    assert [name for name in sorted(named) if not (ROOT / name).is_file()] == []


@pytest.mark.parametrize("runbook", sorted(RUNBOOKS.glob("*.md")), ids=lambda path: path.name)
def test_a_runbook_has_its_four_parts_and_links_only_to_others(runbook: Path) -> None:
    """It is read on the gateway, too, where nothing but runbooks is served."""
    assert re.findall(r"^## (.+)$", runbook.read_text(encoding="utf-8"), re.MULTILINE) == PARTS
    assert [link for link in links_of(runbook) if not (RUNBOOKS / link).is_file()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    links = [link.partition("#")[0] for link in links_of(page) if not re.match(r"[a-z]+:|#", link)]
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_to_a_part_of_a_page_leads_to_a_heading(page: Path) -> None:
    links = [link.partition("#") for link in links_of(page) if "#" in link and not re.match(r"[a-z]+:", link)]
    assert [part for name, _, part in links if part not in anchors_of(page.parent / name if name else page)] == []


def anchors_of(page: Path) -> set[str]:
    """What a page's headings are called in links."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_make_target_and_every_command_that_a_page_names_exists(page: Path) -> None:
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    code = code_of(page)
    assert set(re.findall(r"\bmake ([a-z]+)\b", code)) <= set(targets)
    assert set(re.findall(r"(?<!/)\btowline ([a-z]+)\b", code)) <= set(COMMANDS)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_that_a_page_names_exists(page: Path) -> None:
    """Placeholders are written in capitals, and files that other programs make have no folder of ours before them."""
    rooms = "|".join([path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")])
    named = re.findall(rf"(?<![\w/.])(?:{rooms})/[\w./-]+\.(?:py|yaml|html\.j2|txt\.j2|html|md)\b", code_of(page))
    assert [name for name in named if not re.search("[A-Z]{3}", name) and not (ROOT / name).exists()] == []


def test_every_benchmark_is_in_the_operators_page() -> None:
    scripts = [path for path in (ROOT / "benchmarks").glob("*.py") if "def main(" in path.read_text(encoding="utf-8")]
    assert scripts
    assert [path.name for path in scripts if f"`benchmarks/{path.name}`" not in OPERATIONS] == []


def test_the_readme_is_short() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) <= 120


def test_decisions_are_short_numbered_without_gaps_and_in_three_parts() -> None:
    records = sorted((DOCS / "decisions").glob("*.md"))
    assert [record.name[:4] for record in records] == [f"{number:04}" for number in range(1, len(records) + 1)]
    for record in records:
        lines = record.read_text(encoding="utf-8").splitlines()
        assert len(lines) <= 40, record.name
        assert [line[3:] for line in lines if line.startswith("## ")] == ["Context", "Decision", "Consequence"], record.name


def test_pictures_are_small() -> None:
    assert [picture.name for picture in (DOCS / "images").glob("*") if picture.stat().st_size > 250_000] == []


def test_no_file_names_a_package_registry() -> None:
    """Everybody installs from an index of their own."""
    found = [
        path.relative_to(ROOT) for path in _files() if any(host.encode() in path.read_bytes().lower() for host in REGISTRIES)
    ]
    assert found == []


def _sources() -> list[Path]:
    return [
        path for path in _files() if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in ("deployments", "web", "cli")
    ]


def _files() -> Iterator[Path]:
    """The project's own files."""
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if name == ".ci" or not name.startswith((".", "__pycache__"))]
        yield from (Path(folder) / name for name in names if (Path(folder) / name).is_file())
