"""Fingerprints and snapshots: what a database was made by."""

from typing import Any

import pytest

from insula.application.collections import CORE_COLLECTIONS
from insula.application.errors import NewerDatabase
from insula.application.snapshot import describe, restore
from insula.application.versions import refuse_newer
from insula.data.schema_plan import plan

OWN = {"core": "1.10.0", "plugins": {"a": ["1.2.0", 3]}}


@pytest.mark.parametrize(
    "stored",
    [
        {},
        OWN,
        {"core": "1.9.0", "plugins": {"a": ["1.1.9", 2]}},
        {"core": "1.9.0", "plugins": {"gone": ["9.9", 99]}},
    ],
)
def test_older_and_equal_is_fine(stored: dict[str, Any]) -> None:
    refuse_newer("main", stored, OWN)


@pytest.mark.parametrize(
    "stored",
    [
        {"core": "1.10.1", "plugins": {}},
        {"core": "2.0.0", "plugins": {}},
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
