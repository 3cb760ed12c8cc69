"""What Prefect's people see of a run that left a deal to a person: a red run, its deals in a table, and a tag to filter by."""

from __future__ import annotations

from typing import Any

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId
from prefect.client.schemas.objects import StateType
from prefect.settings import PREFECT_API_TLS_INSECURE_SKIP_VERIFY, PREFECT_API_URL, temporary_settings

from contracts.catalog import catalog
from deployments.deploy import plans
from deployments.reports import KEY, PARKED
from deployments.runs import Runs
from tests.deployments.fakes import FakeChildren
from tests.world import World, lead

CONSOLE = "http://console"
LEAD = next(plan for plan in plans(catalog()) if plan.flow == "lead")


async def seen(client: PrefectClient, world: World, state: Any) -> tuple[Any, list[Any]]:
    """Let the worker see a run to its end; return it and its artifacts as Prefect has them then."""
    run = await client.read_flow_run(state.state_details.flow_run_id)
    house = world.house
    runs = Runs(FakeChildren(answers=[state.name]), client, house.ledger, house.catalog, CONSOLE)  # type: ignore[arg-type]  # a fake
    assert await runs.to_the_end(run, LEAD) == state.name
    of_run = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run.id]))
    return await client.read_flow_run(run.id), await client.read_artifacts(artifact_filter=of_run)


async def test_a_run_with_a_parked_deal_is_red_and_shows_each_deal_with_cause_and_runbook(world: World) -> None:
    """
    Given two leads, of which the gate stops one
    When they have run together
    Then the run is Failed in Prefect and tagged, and its artifact tells both deals' ends, by ids alone
    And a run whose deals are all done is green, and carries nothing.
    """
    with temporary_settings({PREFECT_API_URL: world.prefect, PREFECT_API_TLS_INSECURE_SKIP_VERIFY: True}):
        async with get_client() as client:
            fine, bad = await world.arrives(lead("form-1"), lead("form-2", of="contoso", confidence=0.1))
            run, (told,) = await seen(client, world, await world.qualify(fine, bad))
            assert (run.state.type, run.state.name, PARKED in run.tags) == (StateType.FAILED, "Failed", True)
            assert (told.key, told.type, told.description) == (KEY, "markdown", "1 of 2 deals need a person")
            (exception,) = await world.exceptions(bad)
            for part in (
                "| done |",
                "| parked |",
                f"`{exception.cause}`",
                f"{CONSOLE}/deals/{exception.case_id}",
                "/runbooks/lead.md",
            ):
                assert part in told.data
            assert [name for name in ("Northwind", "Contoso", "ada@") if name.lower() in str(told.data).lower()] == []
            (other,) = await world.arrives(lead("form-3", of="fabrikam"))
            run, none = await seen(client, world, await world.qualify(other))
            assert (run.state.type, none, PARKED in run.tags) == (StateType.COMPLETED, [], False)
