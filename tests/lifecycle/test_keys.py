"""Ids come out the same however often they are made, and never the same for two things."""

from __future__ import annotations

from random import Random
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from lifecycle import keys

SUBJECTS, WORDS = st.uuids(), st.text(max_size=30)


@given(SUBJECTS, WORDS)
def test_a_key_depends_on_its_subject_and_step_only(subject: UUID, step: str) -> None:
    assert keys.effect_key(subject, step) == keys.effect_key(UUID(str(subject)), str(step))


@given(st.sets(st.tuples(SUBJECTS, st.sampled_from(["open_deal", "tell_owner", "copy_packet"])), min_size=2, max_size=20))
def test_two_effects_never_share_a_key(pairs: set[tuple[UUID, str]]) -> None:
    assert len({keys.effect_key(*pair) for pair in pairs}) == len(pairs)


@given(WORDS, WORDS)
def test_events_cases_and_accounts_of_one_name_have_different_ids(source: str, name: str) -> None:
    assert len({keys.event_id(source, name), keys.case_id(source, name), keys.account_id(name)}) == 3


@given(st.lists(SUBJECTS, min_size=1, max_size=10, unique=True), st.randoms())
def test_the_key_of_an_act_for_many_does_not_depend_on_their_order(subjects: list[UUID], random: Random) -> None:
    shuffled = random.sample(subjects, len(subjects))
    assert keys.batch_key("tell_owner", subjects) == keys.batch_key("tell_owner", shuffled)
    assert keys.batch_key("tell_owner", subjects) != keys.batch_key("tell_owner", [*subjects, UUID(int=0)])


def test_the_ids_of_the_first_release_stay_what_they_are() -> None:
    assert str(keys.event_id("website/demo-form", "form-8841")) == "d41cc91b-dc9e-5690-b072-0a2723e4cd51"
    assert str(keys.case_id("website/demo-form", "form-8841")) == "1ccaec22-a05c-55e2-8734-1e8c17129f5e"
    assert str(keys.account_id("northwind.example")) == "0ab90ddb-5af6-52b6-a45e-f83dcc57c3b2"
    assert str(keys.effect_key(UUID(int=1), "open_deal")) == "dcb8a8ee-f1b5-5775-9153-0ee56f10c70c"
