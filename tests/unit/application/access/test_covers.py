"""What a role covers, it may do: the ground on which nobody gives more than they have."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insula.application.access.decide import Grant, decide
from insula.application.access.escalation import covers, is_low
from insula.application.access.rules import OWN, PERMISSIONS, RoleRules, Rule, parse_actions, parse_strategy
from insula.application.access.snippets import Snippets
from insula.application.access.templates import parse_template
from insula.data.collection import Collection, Field
from insula.data.fields import field_type

MINE = parse_template({"ownerId": "{{ $user.id }}"})
RED = parse_template({"team": "red"})


def collection(name: str, *fields: str, builtin: bool = False, **options: Any) -> Collection:
    kinds = {"id": "bigInt", "createdById": "bigInt"}
    made = {
        field: Field(field, field_type(kinds.get(field, "string")), key=field, primary_key=field == "id")
        for field in ("id", *fields)
    }
    return Collection(name, made, title=name, options=options, builtin=builtin)


COLLECTIONS = (
    collection("notes", "title", "team", "ownerId", "createdById"),
    # Keeps nobody's name, so that nobody has records of their own.
    collection("logs", "title", "team"),
    collection("things", "title", builtin=True),
    collection("people", "title", builtin=True, guarded=True, snippet="pm.people", public=["title"]),
)

RULES = st.builds(
    Rule,
    st.sampled_from([None, OWN, MINE, RED]),
    st.sampled_from([None, frozenset(["title"]), frozenset(["title", "team"])]),
)
SETTINGS = st.dictionaries(st.sampled_from(PERMISSIONS), RULES)
ROLES = st.builds(
    RoleRules,
    st.sampled_from(["a", "b", "anonymous", "root"]),
    SETTINGS,
    st.dictionaries(st.sampled_from(["notes", "logs"]), SETTINGS),
    st.builds(
        Snippets, st.lists(st.sampled_from(["pm.*", "pm.things", "!pm.things", "pm.people", "*"]), max_size=3)
    ),
)


def within(mine: Grant, theirs: Grant) -> bool:
    rows = mine.template is None or mine.template == theirs.template
    fields = mine.fields is None or (theirs.fields is not None and theirs.fields <= mine.fields)
    return rows and fields and (mine.direct or not theirs.direct)


@settings(deadline=None)
@given(ROLES, ROLES)
def test_what_is_covered_may_be_done(own: RoleRules, other: RoleRules) -> None:
    if not covers(own, other) or own.name == "anonymous":
        return
    for item in COLLECTIONS:
        for permission in PERMISSIONS:
            theirs = decide(other, item, permission)
            if theirs is not None:
                mine = decide(own, item, permission)
                assert mine is not None and within(mine, theirs), (item.name, permission)


@settings(deadline=None)
@given(ROLES)
def test_a_role_covers_itself_and_nothing_covers_root_but_root(role: RoleRules) -> None:
    assert covers(role, role)
    assert covers(RoleRules("root"), role)
    assert covers(role, RoleRules("root")) is (role.name == "root")
    assert covers(role, RoleRules("nothing"))


def rules(strategy: list[str] | None = None, *snippets: str, **resources: Any) -> RoleRules:
    settings = {name: parse_actions(given, {"red": RED, "mine": MINE}) for name, given in resources.items()}
    return RoleRules("x", parse_strategy({"actions": strategy or []}), settings, Snippets(snippets))


@pytest.mark.parametrize(
    ("own", "other", "covered"),
    [
        (rules(["view"]), rules(["view"]), True),
        (rules(["view"]), rules(["view:own"]), True),
        (rules(["view", "update"]), rules(["view"]), True),
        (rules(["view:own"]), rules(["view"]), False),
        (rules(["view"]), rules(["view"], notes=[]), True),
        (rules(["view"], notes=[]), rules(["view"]), False),
        (rules(["view"], notes=[]), rules(notes=[{"name": "view"}]), False),
        (rules(), rules(notes=[{"name": "view", "fields": ["title"]}]), False),
        (rules(["view"]), rules(notes=[{"name": "view", "scope": "red"}]), True),
        (
            rules(notes=[{"name": "view", "scope": "red"}]),
            rules(notes=[{"name": "view", "scope": "red"}]),
            True,
        ),
        (
            rules(notes=[{"name": "view", "scope": "red"}]),
            rules(notes=[{"name": "view", "scope": "mine"}]),
            False,
        ),
        (rules([], "pm.*"), rules([], "pm.users"), True),
        (rules([], "pm.users"), rules([], "pm.*"), False),
    ],
)
def test_covering(own: RoleRules, other: RoleRules, covered: bool) -> None:
    assert covers(own, other) is covered


def test_low_roles_configure_nothing() -> None:
    assert is_low(rules(["view", "create", "destroy"]))
    assert is_low(rules([], "!pm.*"))
    assert not is_low(rules([], "pm.users"))
    assert not is_low(RoleRules("root"))
