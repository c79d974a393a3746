"""The rule for names."""

import pytest

from insula.core.names import MAX_NAME_LENGTH, check_name, fold


@pytest.mark.parametrize(
    "name", ["a", "_a", "posts", "createdById", "group-by", "A1", "select", "x" * MAX_NAME_LENGTH]
)
def test_names(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "1a",
        "-a",
        "a b",
        'a"',
        "a'",
        "a/b",
        "a.b",
        "a\0",
        "a\n",
        "ä",
        "x" * (MAX_NAME_LENGTH + 1),
        None,
        5,
        ["a"],
    ],
)
def test_what_is_no_name(name: object) -> None:
    with pytest.raises(ValueError, match="begin with a letter or an underscore"):
        check_name(name)


@pytest.mark.parametrize("name", ["sqlite_a", "SQLITE_A", "pg_a", "insula", "insulaX", "__proto__"])
def test_reserved_names(name: str) -> None:
    with pytest.raises(ValueError, match="is reserved"):
        check_name(name)


def test_names_that_differ_only_in_case_are_the_same() -> None:
    assert fold("Posts") == fold("pOSTS")
