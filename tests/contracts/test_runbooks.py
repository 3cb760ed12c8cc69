"""A runbook has its four parts, says what it is for and which rules it explains, and is flagged when one of them has changed."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from contracts.catalog import catalog, load_catalog
from contracts.changes import check
from contracts.files import OWN, FileError
from contracts.runbooks import FOLDER, OTHERWISE, Runbooks, load_runbook, load_runbooks, runbooks


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the runbooks of the house, to be spoiled."""
    return Path(shutil.copytree(FOLDER, tmp_path / "runbooks"))


@pytest.fixture
def agreed(tmp_path: Path) -> Path:
    """A copy of what is agreed, to be changed."""
    return Path(shutil.copytree(OWN, tmp_path / "agreed", ignore=shutil.ignore_patterns("*.py", "__pycache__")))


def spoil(path: Path, pattern: str, instead: str) -> None:
    text, times = re.subn(pattern, instead, path.read_text(encoding="utf-8"), count=1, flags=re.MULTILINE)
    assert times == 1, f"{pattern} is not in {path.name}"
    path.write_text(text, encoding="utf-8")


def loaded(folder: Path) -> Runbooks:
    return load_runbooks(catalog(), OWN, folder)


@pytest.mark.parametrize("name", runbooks().found)
def test_no_runbook_of_the_house_is_older_than_what_it_explains(name: str) -> None:
    known = runbooks()
    now = {rule: known.rules[rule] for rule in known.outdated(known.found[name])}
    assert now == {}, f"read {name}.md beside these rules, correct it, raise its version, and write what they say now"


@pytest.mark.parametrize("name", runbooks().found)
def test_a_runbook_says_which_causes_lead_to_it_and_explains_the_gates_that_it_names(name: str) -> None:
    one = runbooks().found[name]
    said = [part.strip("/") for cause in one.causes for part in cause.split("*") if part.strip("/")]
    assert [part for part in said if part not in one.body] == []
    if f"gate/{name}/" in one.body:
        assert f"expectations/{name}.py" in one.explains


@pytest.mark.parametrize(
    ("cause", "event_type", "name"),
    [
        ("lead/open_deal/crm.http_400", "lead.qualified", "lead"),
        ("lead/process-died", "lead.qualified", "lead"),
        ("gate/lead/contact_is_named", "lead.qualified", "lead"),
        ("change/run-failed", "change.requested", "proposal"),
        ("contract/lead.qualified/owner/missing", "lead.qualified", "quarantine"),
        ("contract/unknown/type/unknown", "whatever", "unknown-event"),
        ("contract/lead.qualified/dataschema/unknown", "lead.qualified", "unknown-event"),
        ("drift/stripe/invoice/total/missing", "stripe.invoice", "drift"),
        ("rules/error_rate/lead", "lead.qualified", "rules"),
        ("autonomy/correct_email", "correct_email", "autonomy"),
        ("reconcile/opportunity.stage", "reconcile", "reconcile"),
        ("rollback/changed", "rollback", "rollback"),
        ("continuity/refunded", "payment.refunded", "payment"),
        ("delivery/early", "delivery.completed", "sweep"),
        ("outage/crm", "", "outage"),
        ("digest/run-failed", "digest", "digest"),
        ("something/else", "nobody.knows", OTHERWISE),
    ],
)
def test_each_class_of_failures_has_one_runbook(cause: str, event_type: str, name: str) -> None:
    assert runbooks().of(cause, event_type).name == name


def test_every_event_and_every_operation_has_one() -> None:
    known, agreed = runbooks(), catalog()
    flows = [*agreed.entries, *(operation.flow for operation in agreed.operations)]
    assert [one for one in flows if known.named.get(one) not in known.found] == []


@pytest.mark.parametrize(
    ("pattern", "instead", "place", "why"),
    [
        (r"^version: .*$", "version: 0", "version: ", "greater than or equal"),
        (r"^version: .*$", "version: 1\ncolour: red", "colour: ", "Extra inputs"),
        (r"^version: .*$", "version: 1\ntitle: Mine", "title: ", "is told by the file itself"),
        (r"^owner: .*$", "owner: nobody", "owner: ", "is nobody in owners.yaml"),
        (r"^explains:$", "causes: [drift/*]\nexplains:", "causes: ", "is drift's already"),
        (r"^explains:$", "explains:\n  expectations/none.py: abcdefabcdef", "expectations/none.py: ", "is not there"),
        (r"^explains:$", "explains:\n  contracts/rules.yaml#none: abcdefabcdef", "contracts/rules.yaml#none: ", "is not there"),
        (r"^explains:$", "explains:\n  the gate: abcdefabcdef", "the gate: ", "should match pattern"),
        (r"^  contracts/catalog/.*$", "", "explains:", "lead.qualified.yaml names this runbook, and is not explained"),
        (r"^  expectations/lead.py: .*$", "  expectations/lead.py: today", "expectations/lead.py: ", "should match pattern"),
        (r"^## Verify the impact$", "## Verify", "## Verify", "here stands “Verify the impact”"),
        (r"^## Verify the impact$", "## Verify the impact\n\n## More", "## Verify the impact", "says nothing"),
        (r"^## When to escalate\n[\s\S]*\Z", "", "", "“When to escalate” is missing"),
        (r"\Z", "\n## And more\n\nText.\n", "## And more", "is a part too many"),
    ],
)
def test_a_wrong_runbook_is_named_by_file_and_line(folder: Path, pattern: str, instead: str, place: str, why: str) -> None:
    path = folder / "lead.md"
    spoil(path, pattern, instead)
    with pytest.raises(FileError, match=re.escape(why)) as caught:
        loaded(folder)
    name, line, _ = caught.value.text.split(":", 2)
    assert Path(name).name in ("lead.md", "drift.md" if why.startswith("is drift") else "lead.md")
    assert Path(name).read_text(encoding="utf-8").splitlines()[int(line) - 1].strip().startswith(place)


def test_a_file_without_front_matter_or_title_is_no_runbook(folder: Path) -> None:
    (folder / "more.md").write_text("# More\n\nText.\n", encoding="utf-8")
    with pytest.raises(FileError, match=r"more\.md:1: front matter: must stand between"):
        loaded(folder)
    front = '---\nversion: 1\nowner: integration\nexplains: {contracts/rules.yaml: "0123456789ab"}\n---\n'
    (folder / "more.md").write_text(f"{front}Text.\n", encoding="utf-8")
    with pytest.raises(FileError, match=r"more\.md:6: title: there is no line"):
        load_runbook(folder / "more.md")


def test_without_one_for_what_nobody_has_foreseen_none_is_read(folder: Path) -> None:
    (folder / f"{OTHERWISE}.md").unlink()
    with pytest.raises(FileError, match=r"there is no unknown-event\.md"):
        loaded(folder)


def test_a_runbook_that_no_failure_leads_to_is_refused(folder: Path) -> None:
    text = (folder / "rules.md").read_text(encoding="utf-8")
    (folder / "more.md").write_text(re.sub(r"^causes: .*\n", "", text, flags=re.MULTILINE), encoding="utf-8")
    with pytest.raises(FileError, match=r"more\.md:\d+: causes: no failure leads here"):
        loaded(folder)


@pytest.mark.parametrize(
    ("file", "pattern", "outdated"),
    [
        ("catalog/lead.qualified.yaml", r"attempts: 5", {"lead": ["contracts/catalog/lead.qualified.yaml"]}),
        ("catalog/operations.yaml", r'at: "0 8 \* \* 1-5"', {"digest": ["contracts/catalog/operations.yaml#digest"]}),
        ("rules.yaml", r"over: 0.05", {"rules": ["contracts/rules.yaml"]}),
    ],
)
def test_a_runbook_is_flagged_when_a_rule_that_it_explains_says_something_else(
    agreed: Path, file: str, pattern: str, outdated: dict[str, list[str]]
) -> None:
    """Given a rule whose value is changed, when the runbooks are read, then those that explain it are flagged, and no other."""
    changed = {"attempts: 5": "attempts: 6", "over: 0.05": "over: 0.06"}.get(pattern, 'at: "0 9 * * 1-5"')
    spoil(agreed / file, pattern, changed)
    known = load_runbooks(load_catalog(agreed), agreed)
    assert {name: known.outdated(one) for name, one in known.found.items() if known.outdated(one)} == outdated


def test_a_comment_in_a_rule_flags_nothing(agreed: Path) -> None:
    spoil(agreed / "rules.yaml", r"\Z", "# Read by engineering.\n")
    known = load_runbooks(load_catalog(agreed), agreed)
    assert [one.name for one in known.found.values() if known.outdated(one)] == []


@pytest.mark.parametrize(("file", "line"), [("lead.qualified.yaml", r"runbook: "), ("operations.yaml", r"runbook: ")])
def test_a_change_that_names_a_runbook_which_is_not_there_is_refused(agreed: Path, file: str, line: str) -> None:
    """Given a change of the catalog, when it names no runbook of the house, then the proposal is refused with its line."""
    spoil(agreed / "catalog" / file, r"runbook: docs/runbooks/.*$", "runbook: docs/runbooks/none.md")
    with pytest.raises(FileError, match=rf"{file}:\d+: .*runbook: there is no docs/runbooks/none\.md"):
        check(agreed)
