"""What the system contract does not allow is refused before it leaves, with the rule and its reason, until the rule allows it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from connectors import guard
from contracts.catalog import load_catalog
from contracts.files import OWN
from tests.world import World, lead

PATCH = "/crm/v3/objects/deals/batch/update"


async def test_a_field_that_is_not_the_flows_to_write_parks_the_deal_and_sends_nothing(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Given a system contract that lets only billing say where a deal's folder is
    When a lead travels, whose path writes the folder's address into the CRM
    Then the CRM is not asked to change the deal, and the exception names the field, the rule, the reason and the decision record
    And when the contract is as it was, the replay makes the change once.
    """
    for path in [*OWN.glob("*.yaml"), *(OWN / "catalog").glob("*.yaml")]:
        (tmp_path / path.relative_to(OWN)).parent.mkdir(exist_ok=True)
        shutil.copy(path, tmp_path / path.relative_to(OWN))
    file = tmp_path / "systems.yaml"
    file.write_text(file.read_text().replace("{folder_url: docs,", "{folder_url: billing,"))
    changed = load_catalog(tmp_path)
    with monkeypatch.context() as contract:
        contract.setattr(guard, "catalog", lambda: changed)
        (event,) = await world.arrives(lead())
        await world.qualify(event)
    assert await world.status(event) == "parked"
    assert [one for one in await world.vendors.asked(system="crm") if PATCH in one["path"]] == []
    (exception,) = await world.exceptions(event)
    assert exception.cause == "lead/link_folder/guard.opportunity.folder_url"
    assert "opportunity.folder_url is billing's to decide about, and this comes from crm and docs" in exception.reason
    assert "the CRM says what is sold" in exception.reason
    assert "decision 0038" in exception.reason

    assert await world.replayed(event)
    await world.qualify(event)
    assert await world.status(event) == "done"
    assert len([one for one in await world.vendors.asked(system="crm") if PATCH in one["path"]]) == 1
