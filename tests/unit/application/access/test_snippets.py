"""Configuration rights: patterns, and when one set of them is within another."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insula.application.access.snippets import Snippets, check_snippets

NAMES = ("pm", "pm.users", "pm.users.x", "pm.acl", "pm.acl.roles", "app", "ui.menu", "some.new.plugin")


@pytest.mark.parametrize(
    ("patterns", "granted"),
    [
        ([], []),
        (["pm"], ["pm"]),
        (["pm.*"], ["pm.users", "pm.users.x", "pm.acl", "pm.acl.roles"]),
        (["*"], list(NAMES)),
        (["pm.*", "!pm.acl.*"], ["pm.users", "pm.users.x", "pm.acl"]),
        (["!pm.users", "pm.users"], []),
        (["!*"], []),
    ],
)
def test_patterns(patterns: list[str], granted: list[str]) -> None:
    snippets = Snippets(patterns)
    assert [name for name in NAMES if snippets.grant(name)] == granted


@pytest.mark.parametrize(
    ("own", "other", "covered"),
    [
        (["pm.*"], ["pm.users"], True),
        (["pm.users"], ["pm.*"], False),
        (["pm.*"], ["pm"], False),
        (["*"], ["pm.*", "app"], True),
        (["pm.*", "!pm.acl"], ["pm.*"], False),
        (["pm.*", "!pm.acl"], ["pm.*", "!pm.acl"], True),
        (["pm.*", "!pm.acl"], ["pm.*", "!pm.*"], True),
        (["pm.a", "pm.b"], ["pm.b", "pm.a"], True),
        ([], ["!pm.*"], True),
        (["pm.users"], ["pm.user*"], False),
    ],
)
def test_covering(own: list[str], other: list[str], covered: bool) -> None:
    assert Snippets(own).cover(Snippets(other)) is covered


PATTERNS = st.lists(
    st.builds(
        "".join,
        st.tuples(
            st.sampled_from(["", "!"]), st.sampled_from(["*", "a", "a*", "a.*", "a.b", "a.b*", "b", "ab"])
        ),
    ),
    max_size=5,
)


@settings(deadline=None)
@given(PATTERNS, PATTERNS, st.text("ab.", max_size=5))
def test_what_is_covered_grants_nothing_more(own: list[str], other: list[str], name: str) -> None:
    mine, theirs = Snippets(own), Snippets(other)
    if mine.cover(theirs) and theirs.grant(name):
        assert mine.grant(name)


@pytest.mark.parametrize(
    "raw", ["pm", None, {}, [5], [""], ["!"], ["a..b"], ["a b"], ["*.a"], ["a*b"], ["x"] * 201]
)
def test_what_is_no_list_of_snippets(raw: object) -> None:
    with pytest.raises(ValueError, match="must"):
        check_snippets(raw, NAMES)


@pytest.mark.parametrize(
    "pattern", ["pm.nope", "!pm.nope", "pm.user", "pm.users.x.y", "nope.*", "pm.users.y*", "ui.*.x"]
)
def test_what_is_no_snippet(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"unknown snippet|must hold"):
        check_snippets([pattern], NAMES)


def test_what_stands_for_known_snippets() -> None:
    known = ["pm", "!pm", "pm.*", "*", "!pm.acl*", "ui.*", "app", "pm.users"]
    assert check_snippets([*known, "pm"], NAMES) == tuple(known)
