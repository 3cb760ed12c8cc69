"""Ten records changed among two thousand are found in one pass, all of them and no other."""

from __future__ import annotations

import random

from lifecycle.reconciling import Finding
from runtime.wiring import Runtime
from tests.changing import deals, incidents, reconciled
from tests.world import Vendors

RECORDS, CHANGED, SEED = 2_000, 10, 59


async def test_seeded_changes_are_found_in_one_pass_with_no_false_alarm(house: Runtime, vendors: Vendors) -> None:
    """
    Given 2,000 deals, with two fields each that are ours, and ten of them changed by hand in one of these
    When they are compared once
    Then there are ten incidents, of these ten, all other fields are fine, and a second pass finds nothing.
    """
    found = await deals(house, RECORDS)
    chance = random.Random(SEED)  # noqa: S311 - repeatable
    changed = {deal.id: chance.choice(("towline_folder_url", "dealstage")) for deal in chance.sample(found, CHANGED)}
    for deal, name in changed.items():
        value = "closedwon" if name == "dealstage" else "https://drive.example/elsewhere"
        await vendors.person_changes("crm", "deals", deal, {name: value})
    counted = await reconciled(house)
    assert {one.vendor_id for one in await incidents(house)} == set(changed)
    assert (counted[Finding.NEW], counted[Finding.FINE]) == (CHANGED, 3 * RECORDS - CHANGED)
    stages = list(changed.values()).count("dealstage")
    again = await reconciled(house)
    assert (again[Finding.NEW], again[Finding.TOLD]) == (0, stages)
    assert len(await incidents(house)) == CHANGED
