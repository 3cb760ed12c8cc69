"""`towline deploy`: the work pool and the deployments, made from the catalog."""

from __future__ import annotations

import asyncio
import os

import typer

from cli.output import AsJson, print_json, print_table
from contracts.errors import MisconfiguredError
from deployments.programs import environment
from runtime.settings import load_settings

app = typer.Typer(add_completion=False)


@app.command()
def deploy(as_json: AsJson = False) -> None:
    """Create or update the work pool and the deployments from the catalog; it is safe to repeat."""
    settings = load_settings()
    os.environ.update(environment(settings))  # Prefect reads its settings at import
    import httpx
    from prefect.exceptions import PrefectHTTPStatusError

    from deployments import deploy as deployments

    try:
        plans = asyncio.run(deployments.deploy(settings))
    except (httpx.TransportError, RuntimeError) as error:
        raise MisconfiguredError(f"Prefect at {settings.prefect_url} does not answer ({type(error).__name__})") from None
    except PrefectHTTPStatusError as error:
        raise MisconfiguredError(f"Prefect at {settings.prefect_url} answered {error.response.status_code}") from None
    rows = [{"id": id_, "name": plan.name, "entrypoint": plan.entrypoint} for id_, plan in plans.items()]
    if as_json:
        print_json(rows)
    else:
        print_table(("deployment", "entrypoint", "id"), [(row["name"], row["entrypoint"], row["id"]) for row in rows])
