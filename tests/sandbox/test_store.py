"""The store keeps what it acknowledged, in order and indexed, through kill and reset."""

from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import pytest

from sandbox.store import Store


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[[], Store]]:
    """Open the same journal again and again; the first store is still open when the second one reads, as after a kill."""
    stores: list[Store] = []

    def open_journal() -> Store:
        stores.append(Store(tmp_path / "crm.jsonl"))
        return stores[-1]

    yield open_journal
    for store in stores:
        store.close()


def test_a_replaced_object_keeps_its_creation_time_its_place_and_its_key() -> None:
    store = Store()
    first = store.put("deals", "1", {"a": 1}, "key-1")
    store.put("deals", "2", {"a": 2})
    again = store.put("deals", "1", {"a": 3})
    assert (again.created_at, again.key) == (first.created_at, "key-1")
    assert again.updated_at >= first.updated_at
    assert [record.id for record in store.all("deals")] == ["1", "2"]
    assert [record.id for record in store.newest("deals", 5)] == ["1", "2"]


def test_an_index_follows_every_change() -> None:
    store = Store()
    store.put("deals", "1", {"stage": "new"})
    index = store.index("deals", lambda record: [record.object["stage"]])
    store.put("deals", "2", {"stage": "new"})
    assert index.find("new") == ["1", "2"]
    store.put("deals", "1", {"stage": "won"})
    store.delete("deals", "2")
    assert (index.find("new"), index.find("won")) == ([], ["1"])
    store.reset()
    assert index.find("won") == []
    store.put("deals", "3", {"stage": "won"})
    assert index.find("won") == ["3"]


def test_a_journal_is_replayed_with_times_keys_deletions_and_ids(opened: Callable[[], Store]) -> None:
    store = opened()
    numbers = [str(store.new_id()) for _ in range(3)]
    for number in numbers:
        store.put("deals", number, {"n": number}, f"key-{number}")
    store.put("deals", numbers[0], {"n": "changed"})
    store.delete("deals", numbers[1])
    expected = list(store.all("deals"))

    again = opened()

    assert list(again.all("deals")) == expected
    assert again.new_id() > int(numbers[-1])


def test_a_torn_last_line_is_dropped_and_writing_goes_on_after_it(opened: Callable[[], Store], tmp_path: Path) -> None:
    """Given a process killed in mid-write; when it starts again; then all whole lines are there, and new ones can follow."""
    journal = tmp_path / "crm.jsonl"
    opened().put("deals", "1", {"name": "whole"})
    journal.write_bytes(journal.read_bytes() + b'{"kind":"deals","last_id":9,"id":"2","created_a')

    again = opened()
    assert [record.id for record in again.all("deals")] == ["1"]
    again.put("deals", "3", {"name": "after"})
    assert [record.id for record in opened().all("deals")] == ["1", "3"]


def test_a_damaged_line_inside_the_journal_is_named(tmp_path: Path) -> None:
    journal = tmp_path / "crm.jsonl"
    journal.write_bytes(b'{"kind":\n{"reset":true,"last_id":1}\n')
    with pytest.raises(ValueError, match="line 1"):
        Store(journal)


def test_restarts_do_not_make_the_journal_grow(opened: Callable[[], Store], tmp_path: Path) -> None:
    store = opened()
    for number in range(50):
        store.put("deals", "1", {"n": number})
    opened()
    [line] = (tmp_path / "crm.jsonl").read_bytes().splitlines()
    assert orjson.loads(line)["object"] == {"n": 49}


def test_a_reset_is_remembered_and_ids_go_on(opened: Callable[[], Store]) -> None:
    store = opened()
    before = store.new_id()
    store.put("deals", str(before), {})
    store.reset()
    again = opened()
    assert again.count("deals") == 0
    assert again.new_id() > before
