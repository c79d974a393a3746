"""What the modelling of collections decides by itself."""

import pytest

from insula.data.errors import InvalidMetadata
from insula.data.metadata_rows import Rows
from insula.data.modelling.collections import create_collection
from insula.data.modelling.draft import MAX_FIELDS, Draft, moved_to, shown
from insula.data.modelling.relations import singular


@pytest.mark.parametrize(
    ("many", "one"),
    [
        *(
            ("posts", "post"),
            ("categories", "category"),
            ("boxes", "box"),
            ("addresses", "address"),
            ("ties", "tie"),
        ),
        *(("orderLines", "orderLine"), ("address", "address"), ("person", "person"), ("s", "s")),
    ],
)
def test_the_name_of_one_thing(many: str, one: str) -> None:
    assert singular(many) == one


def test_moving_makes_room() -> None:
    assert moved_to(["a", "b", "c", "d"], "d", "b") == ["a", "d", "b", "c"]
    assert moved_to(["a", "b", "c", "d"], "a", "c") == ["b", "c", "a", "d"]
    assert moved_to(["a", "b"], "a", "a") == ["a", "b"]


def test_a_wrong_name_is_shown_short_and_printable() -> None:
    assert shown("a\0b\n") == "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}"
    assert len(shown("x" * 10_000)) < 100
    assert shown(5) == "int"


def test_a_collection_has_not_too_many_fields() -> None:
    fields = [{"name": f"f{number}", "type": "integer"} for number in range(MAX_FIELDS + 1)]
    with pytest.raises(InvalidMetadata, match="more than 1000 fields"):
        create_collection(Draft(Rows(), {}, frozenset()), {"name": "wide", "fields": fields})


def test_settings_have_a_size() -> None:
    with pytest.raises(InvalidMetadata, match="bytes"):
        create_collection(Draft(Rows(), {}, frozenset()), {"name": "big", "notes": "x" * 300_000})
