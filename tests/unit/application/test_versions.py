"""Fingerprints and snapshots: what a database was made by."""

from typing import Any

import pytest

from insula.application.collections import CORE_COLLECTIONS
from insula.application.errors import NewerDatabase
from insula.application.snapshot import describe, restore
from insula.application.versions import achieved, failed_before, outdated, refuse_newer
from insula.data.schema_plan import plan

OWN = {"core": "1.10.0", "plugins": {"a": ["1.2.0", 3]}}


@pytest.mark.parametrize(
    "stored",
    [
        {},
        OWN,
        {"core": "1.9.0", "plugins": {"a": ["1.1.9", 2]}},
        {"core": "1.9.0", "plugins": {"gone": ["9.9", 99]}},
        {"core": "1.10.0rc1", "plugins": {"a": ["1.2.0.dev3", 3]}},
        {"core": "1.10.0+build.7", "plugins": {"a": ["as I like it", 3]}},
    ],
)
def test_older_and_equal_is_fine(stored: dict[str, Any]) -> None:
    refuse_newer("main", stored, OWN)


@pytest.mark.parametrize(
    "stored",
    [
        {"core": "1.10.1", "plugins": {}},
        {"core": "2.0.0", "plugins": {}},
        {"core": "1.10.1rc1", "plugins": {}},
        {"core": "1.10.0", "plugins": {"a": ["1.2.0", 4]}},
        {"core": "1.10.0", "plugins": {"a": ["1.3.0", 3]}},
    ],
)
def test_newer_is_refused(stored: dict[str, Any]) -> None:
    with pytest.raises(NewerDatabase, match="newer version"):
        refuse_newer("main", stored, OWN)


@pytest.mark.parametrize("collection", CORE_COLLECTIONS, ids=lambda collection: collection.name)
def test_a_snapshot_describes_the_same_table(collection: Any) -> None:
    described = describe((collection,))
    restored = restore(collection.name, described[collection.name])
    assert plan(restored, collection).steps == ()
    assert describe((restored,)) == described


def test_only_plugins_that_are_wanted_can_be_behind() -> None:
    assert not outdated({**OWN, "plugins": {**OWN["plugins"], "disabled": ["0.1", 1]}}, OWN)
    assert outdated({"core": "1.9.0", "plugins": {}}, OWN) == {"core", "a"}
    assert outdated({"core": "1.10.0", "plugins": {"a": ["1.2.0", 2]}}, OWN) == {"a"}


def test_a_plugin_that_failed_keeps_what_it_had_and_the_reason() -> None:
    before = {"core": "1.9.0", "plugins": {"a": ["1.1.0", 2], "disabled": ["0.1", 1]}}
    after = achieved(before, OWN, {"a": "the moon is full"})
    assert after["plugins"] == before["plugins"]
    assert outdated(after, OWN) == {"a"}
    assert failed_before(after, OWN) == {"a": "the moon is full"}
    later = {"core": "1.11.0", "plugins": {"a": ["1.3.0", 3]}}
    assert failed_before(after, later) == {}
