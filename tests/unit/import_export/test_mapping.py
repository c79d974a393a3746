"""Which imports may change the records that are there."""

import pytest

from insula.data.scope import Scope
from insula.plugins.import_export.mapping import Assigned, InvalidImport, check_match
from insula.testing.library import collection, column, number_key

GOODS = collection("goods", number_key(), column("code", "string", unique=True), column("name", "string"))
FILE = [Assigned("Id", "id"), Assigned("Code", "code"), Assigned("Name", "name")]


@pytest.mark.parametrize(
    ("match", "open_fields", "allowed"),
    [
        ("code", None, True),
        ("code", {"id", "code", "name"}, True),
        ("code", {"id", "name"}, False),  # would tell which codes there are
        ("code", {"code", "name"}, False),
        ("id", {"code", "name"}, True),
        ("id", {"name"}, False),
    ],
)
def test_all_columns_of_the_file_must_be_open(
    match: str, open_fields: set[str] | None, allowed: bool
) -> None:
    updating = Scope(None, None if open_fields is None else frozenset(open_fields))
    if allowed:
        check_match(GOODS, FILE, match, updating)
    else:
        with pytest.raises(InvalidImport, match="existing=update is for roles"):
            check_match(GOODS, FILE, match, updating)
