"""The plan of faults and the demand of scripts: the same from the same seed, and together all paths of the house."""

from __future__ import annotations

from collections import Counter

from benchmarks.chaos.plan import MORTALS, Kind, plan
from benchmarks.chaos.scripts import LAST_STAGE, LEAVES, SCRIPTS, demand, events_of
from lifecycle.paths import PATHS
from lifecycle.stages import MOVES, Stage


def test_the_same_seed_draws_the_same_faults() -> None:
    assert plan(7, 50) == plan(7, 50)
    assert plan(7, 50) != plan(8, 50)


def test_a_long_plan_has_as_many_kills_as_it_should_every_kind_of_fault_and_every_mortal() -> None:
    faults = plan(7, 500)
    killed = Counter(fault.target for fault in faults if fault.kind is Kind.KILL)
    assert killed.total() == 500
    assert set(killed) == set(MORTALS)
    assert {fault.kind for fault in faults} == set(Kind)
    assert sum(fault.after for fault in faults) < 25 * 60


def test_the_scripts_take_every_path_and_end_where_the_stages_say() -> None:
    assert set().union(*(events_of(script) for script in SCRIPTS)) == set(PATHS) == set(LEAVES)
    for script, acts in SCRIPTS.items():
        stage = Stage.DISCOVERY
        for act in acts:
            for event in act.brings:
                stage = MOVES[event][stage]
        assert stage == LAST_STAGE[script]


def test_a_deal_has_one_of_what_it_shares_and_one_more_of_what_happens_again() -> None:
    wanted = demand(events_of("voided"))
    assert (wanted["crm tickets"], wanted["crm deals"], wanted["docs folders"], wanted["billing invoices"]) == (1, 1, 2, 2)
