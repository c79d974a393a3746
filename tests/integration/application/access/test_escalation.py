"""Nobody gives more than they hold, and nobody takes what is not theirs: by whatever way it is tried."""

import asyncio
from typing import Any

import pytest

from insula.application.access.people import EVERYTHING
from insula.application.application import Application
from insula.data.query import Query
from insula.testing.applications import client_of
from insula.testing.people import PASSWORD, Head, People, accepted, refusal

NOT_HELD = (403, "ROLE_NOT_FOUND_ERR")
ESCALATION = (403, "ESCALATION")
DENIED = (403, "NO_PERMISSION")
MISSING = (404, "NOT_FOUND")
CONFLICT = (409, "CONFLICT")
INVALID = (400, "VALIDATION_ERROR")

ROOT_ID, ADMIN_ID, MEMBER_ID, CLERK_ID = 1, 2, 3, 4

EVERYTHING_ACTIONS = ["create", "view", "update", "destroy", "export", "import"]


@pytest.fixture
async def heads(people: People) -> dict[str, Head]:
    """Root, an admin, a member, and a clerk who looks after users and roles but sees few records."""
    found = {"root": await people.root()}
    root = found["root"]
    notes = {"name": "notes", "fields": [{"name": "title", "type": "string"}], "createdBy": True}
    accepted(await people.web.post("/collections:create", json=notes, headers=root))
    labels = {"name": "labels", "fields": [{"name": "title", "type": "string"}]}
    accepted(await people.web.post("/collections:create", json=labels, headers=root))
    for field in (
        {"name": "owner", "type": "belongsTo", "target": "users"},
        {"name": "team", "type": "hasMany", "target": "users"},
        {"name": "ranks", "type": "belongsToMany", "target": "roles"},
    ):
        accepted(await people.web.post("/collections/notes/fields:create", json=field, headers=root))
    mine = {"key": "mine", "name": "Mine", "scope": {"createdById": "{{ $user.id }}"}}
    accepted(await people.web.post("/rolesResourcesScopes:create", json=mine, headers=root))
    setting = [{"name": "view", "fields": ["title"], "scope": "mine"}, {"name": "create"}]
    await people.role("clerk", ["view:own"], ["pm.users", "pm.acl.roles"], notes=setting)
    await people.role("viewer", ["view"])
    await people.role("writer", EVERYTHING_ACTIONS)
    await people.role("plain")
    for name in ("admin", "member", "clerk"):
        found[name] = await people.add(name, name)
    return found


async def held(house: Application) -> dict[int, list[str]]:
    """Who holds which roles."""
    rows = (await house.repository.find("rolesUsers", Query(page_size=None), scopes=EVERYTHING)).rows
    found: dict[int, list[str]] = {}
    for row in rows:
        found.setdefault(row["userId"], []).append(row["roleName"])
    return {user: sorted(names) for user, names in found.items()}


Refusal = tuple[int, str]

ATTEMPTS: list[tuple[str, str, Any, Refusal | None]] = [
    # An admin does not become root, nor does anyone by them.
    ("admin", "/users:create", {"username": "x", "roles": ["root"]}, ESCALATION),
    ("admin", "/users:create", {"username": "x", "roles": [{"name": "root"}]}, ESCALATION),
    ("admin", "/users:update/2", {"roles": ["admin", "root"]}, ESCALATION),
    ("admin", "/users:update/3", {"roles": ["root"]}, ESCALATION),
    ("admin", "/users/2/roles:add", ["root"], ESCALATION),
    ("admin", "/users/2/roles:add/root", None, ESCALATION),
    ("admin", "/users/2/roles:set", ["admin", "root"], ESCALATION),
    ("admin", "/users/3/roles:set", [{"name": "root"}], ESCALATION),
    ("admin", "/users/2/roles:toggle", ["root"], MISSING),
    ("admin", "/users/2/roles:create", {"name": "root2"}, MISSING),
    ("admin", "/users/2/roles:update?filterByTk=admin", {"name": "root"}, MISSING),
    ("admin", "/roles/root/users:add", [2], ESCALATION),
    ("admin", "/roles/root/users:add/2", None, ESCALATION),
    ("admin", "/roles/root/users:set", [2], ESCALATION),
    ("admin", "/roles/root/users:create", {"username": "x"}, MISSING),
    ("admin", "/rolesUsers:create", {"userId": 2, "roleName": "root"}, MISSING),
    ("admin", "/rolesUsers:updateOrCreate", {"values": {"userId": 2, "roleName": "root"}}, MISSING),
    ("admin", "/users:setDefaultRole", {"roleName": "root"}, NOT_HELD),
    ("admin", "/users:updateProfile", {"roles": ["root"]}, INVALID),
    ("admin", "/users:firstOrCreate", {"values": {"id": 2, "roles": ["root"]}, "filterKeys": ["id"]}, DENIED),
    (
        "admin",
        "/users:updateOrCreate",
        {"values": {"id": 1, "password": PASSWORD}, "filterKeys": ["id"]},
        DENIED,
    ),
    ("admin", "/roles:updateOrCreate", {"values": {"name": "root"}, "filterKeys": ["name"]}, DENIED),
    ("admin", "/roles:update/admin", {"name": "root"}, CONFLICT),
    ("admin", "/roles:update/member", {"users": [1, 2, 3]}, (400, "VALIDATION_ERROR")),
    (
        "admin",
        "/roles:create",
        {"name": "taken", "users": [{"id": 2, "password": "mine alone 5"}]},
        (400, "VALIDATION_ERROR"),
    ),
    ("admin", "/roles:update/root", {"title": "x"}, ESCALATION),
    ("admin", "/roles:destroy/root", None, ESCALATION),
    ("admin", "/roles/root/resources:create", {"name": "notes", "actions": []}, INVALID),
    # Nor do they touch root.
    ("admin", "/users:update/1", {"password": "mine alone 5"}, ESCALATION),
    ("admin", "/users:update/1", {"email": "mine@example.com"}, ESCALATION),
    ("admin", "/users:update/1", {"blocked": True}, ESCALATION),
    ("admin", "/users:update?filterByTk=[3,1]", {"nickname": "x"}, ESCALATION),
    ("admin", "/users:update", {"values": {"nickname": "x"}, "filterByTk": 1}, ESCALATION),
    ("admin", "/users:destroy/1", None, ESCALATION),
    ("admin", "/users:destroy?filterByTk=[3,1]", None, ESCALATION),
    ("admin", "/users/1/roles:set", ["member"], ESCALATION),
    ("admin", "/users/1/roles:add", ["admin"], ESCALATION),
    ("admin", "/users/1/roles:remove", ["root"], ESCALATION),
    ("admin", "/roles/root/users:remove", [1], ESCALATION),
    ("admin", "/roles/admin/users:add", [1], ESCALATION),
    # The clerk manages users and roles, within what a clerk may do.
    ("clerk", "/users:create", {"username": "x", "roles": ["admin"]}, ESCALATION),
    ("clerk", "/users:create", {"username": "x", "roles": ["viewer"]}, ESCALATION),
    ("clerk", "/users:create", {"username": "x", "roles": ["nonsense"]}, INVALID),
    # Without roles they would get the default one, which may do more.
    ("clerk", "/users:create", {"username": "x"}, ESCALATION),
    ("clerk", "/users:update/4", {"roles": ["clerk", "writer"]}, ESCALATION),
    ("clerk", "/users:update/4", {"password": "mine alone 5"}, ESCALATION),
    ("clerk", "/users:update/4", {"blocked": True}, CONFLICT),
    ("clerk", "/users:destroy/4", None, CONFLICT),
    ("clerk", "/users:update/4", {"roles": ["plain"]}, CONFLICT),
    ("clerk", "/users/4/roles:remove", ["clerk"], CONFLICT),
    ("clerk", "/users:update/3", {"password": "mine alone 5"}, ESCALATION),
    ("clerk", "/roles/writer/users:add", [4], ESCALATION),
    ("clerk", "/roles/writer/users:set", [4], ESCALATION),
    ("clerk", "/roles/plain/users:set", [2], ESCALATION),
    ("clerk", "/roles:create", {"name": "x", "strategy": {"actions": ["view"]}}, ESCALATION),
    ("clerk", "/roles:create", {"name": "x", "strategy": {"actions": ["update:own"]}}, ESCALATION),
    ("clerk", "/roles:create", {"name": "x", "snippets": ["pm.collections"]}, ESCALATION),
    ("clerk", "/roles:create", {"name": "x", "snippets": ["pm.*"]}, ESCALATION),
    ("clerk", "/roles:create", {"name": "x", "snippets": ["pm.acl.*"]}, ESCALATION),
    ("clerk", "/roles:create", {"name": "x", "snippets": ["*", "!pm.*"]}, ESCALATION),
    ("clerk", "/roles:update/clerk", {"snippets": ["pm.users", "pm.acl.roles", "pm.jobs"]}, ESCALATION),
    ("clerk", "/roles:update/clerk", {"strategy": {"actions": ["view"]}}, ESCALATION),
    ("clerk", "/roles:update/plain", {"strategy": {"actions": ["create"]}}, ESCALATION),
    ("clerk", "/roles:update/writer", {"title": "x"}, ESCALATION),
    ("clerk", '/roles:update?filterByTk=["plain","writer"]', {"title": "x"}, ESCALATION),
    ("clerk", "/roles:destroy/writer", None, ESCALATION),
    ("clerk", "/roles:destroy/admin", None, ESCALATION),
    ("clerk", "/roles:setDefaultRole", {"roleName": "writer"}, ESCALATION),
    ("clerk", "/roles/clerk/resources:update?filterByTk=notes", {"actions": EVERYTHING_ACTIONS}, INVALID),
    (
        *("clerk", "/roles/clerk/resources:update?filterByTk=notes"),
        *({"actions": [{"name": "view", "fields": ["title"]}]}, ESCALATION),
    ),
    (
        *("clerk", "/roles/clerk/resources:update?filterByTk=notes"),
        *({"actions": [{"name": "view", "scope": "mine", "fields": ["title", "createdById"]}]}, ESCALATION),
    ),
    (
        *("clerk", "/roles/clerk/resources:update?filterByTk=notes"),
        *({"actions": [{"name": "view", "scope": "mine", "fields": []}]}, ESCALATION),
    ),
    # Without its setting the strategy counts, which is wider here.
    ("clerk", "/roles/clerk/resources:destroy?filterByTk=notes", None, ESCALATION),
    (
        *("clerk", "/roles/clerk/resources:update?filterByTk=notes"),
        *({"usingActionsConfig": False}, ESCALATION),
    ),
    (
        *("clerk", "/roles/plain/resources:create"),
        *({"name": "notes", "actions": [{"name": "destroy"}]}, ESCALATION),
    ),
    ("clerk", "/rolesResourcesScopes:update?filterByTk=3", {"scope": {}}, ESCALATION),
    ("clerk", "/rolesResourcesScopes:update?filterByTk=3", {"scope": {"id": {"$gt": 0}}}, ESCALATION),
    ("clerk", "/rolesResourcesScopes:update?filterByTk=1", {"scope": {}}, CONFLICT),
    ("clerk", "/rolesResourcesScopes:update?filterByTk=3", {"key": "own"}, INVALID),
    ("clerk", "/rolesResourcesScopes:destroy?filterByTk=3", None, CONFLICT),
    ("clerk", "/rolesResourcesScopes:destroy?filterByTk=2", None, CONFLICT),
    ("clerk", "/rolesResources:create", {"roleName": "clerk", "name": "notes"}, MISSING),
    ("clerk", "/pm:update/auth", {"settings": {"signUp": True}}, DENIED),
    # A member manages nobody.
    ("member", "/users:create", {"username": "x"}, DENIED),
    ("member", "/users:update/3", {"nickname": "x"}, DENIED),
    ("member", "/users:updateProfile", {"blocked": False}, INVALID),
    ("member", "/users:updateProfile", {"password": "mine alone 5"}, INVALID),
    ("member", "/users:updateProfile", {"sub": "0", "id": 1}, INVALID),
    ("member", "/users:updateProfile", {"username": "admin"}, CONFLICT),
    ("member", "/users/3/roles:set", ["admin"], DENIED),
    ("member", "/apiKeys:create", {"name": "x"}, DENIED),
    ("admin", "/apiKeys:create", {"name": "x", "role": "root"}, NOT_HELD),
    ("admin", "/apiKeys:create", {"name": "x", "role": {"name": "root"}}, NOT_HELD),
    (
        "admin",
        "/apiKeys:create",
        {"name": "x", "userId": 1, "roleName": "root"},
        NOT_HELD,
    ),
    # Users and roles are not written through the relations of other records.
    ("admin", "/notes:create", {"title": "x", "owner": {"username": "x"}}, DENIED),
    ("admin", "/notes:create", {"title": "x", "owner": {"username": "x", "roles": ["root"]}}, DENIED),
    ("admin", "/notes:create", [{"title": "x", "owner": {"username": "x"}}], DENIED),
    (
        *("admin", "/notes:update/1?updateAssociationValues=owner"),
        *({"owner": {"id": 1, "password": "mine alone 5"}}, DENIED),
    ),
    (
        *("admin", "/notes:update/1?updateAssociationValues[]=owner&updateAssociationValues[]=owner.roles"),
        *({"owner": {"id": 2, "roles": ["root"]}}, DENIED),
    ),
    (
        *("admin", "/notes:updateOrCreate?filterKeys=id&updateAssociationValues=owner"),
        *({"id": 1, "owner": {"id": 1, "password": "mine alone 5"}}, DENIED),
    ),
    ("admin", "/notes:update/1", {"team": [1]}, DENIED),
    ("admin", "/notes:update/1", {"team": [{"username": "x"}]}, DENIED),
    ("admin", "/notes/1/team:add", [1], DENIED),
    ("admin", "/notes/1/team:set", [2], DENIED),
    ("admin", "/notes/1/team:toggle", [2], DENIED),
    ("admin", "/notes/1/team:create", {"username": "x"}, DENIED),
    ("admin", "/notes/1/ranks:update?filterByTk=member", {"snippets": ["pm.*"]}, DENIED),
    ("admin", "/notes/1/ranks:create", {"name": "x"}, DENIED),
    ("admin", "/notes:update/1?updateAssociationValues=ranks", {"ranks": [{"name": "x"}]}, DENIED),
    # Nor through a relation that is made for it.
    *(
        (
            "admin",
            "/collections/notes/fields:create",
            {"name": "way", "type": "belongsToMany", **way},
            INVALID,
        )
        for way in (
            {"target": "roles", "through": "rolesUsers", "foreignKey": "userId", "otherKey": "roleName"},
            {"target": "labels", "through": "users"},
            {"target": "labels", "through": "roles"},
            {"target": "rolesUsers"},
            {"target": "sessions"},
            {"target": "apiKeys"},
        )
    ),
    # Nor do users go along with other records.
    *(
        (
            "admin",
            f"/collections/{source}/fields:create",
            {"name": "way", "onDelete": "CASCADE", **way},
            INVALID,
        )
        for source, way in (
            ("users", {"type": "belongsTo", "target": "labels"}),
            ("labels", {"type": "hasMany", "target": "users"}),
            ("labels", {"type": "hasOne", "target": "users"}),
            ("notes", {"type": "hasMany", "target": "users", "foreignKey": "noteId"}),
        )
    ),
    ("admin", "/collections/notes/fields:update/team", {"onDelete": "CASCADE"}, INVALID),
    ("admin", "/collections:create", {"name": "rolesUsers"}, CONFLICT),
    ("admin", "/collections:destroy?filterByTk=users", None, CONFLICT),
    ("admin", "/collections/users/fields:update/password", {"type": "string", "hidden": False}, CONFLICT),
    ("admin", "/collections/users/fields:destroy/password", None, CONFLICT),
    ("admin", "/notes/1/createdBy:update", {"password": "mine alone 5"}, DENIED),
    ("admin", "/notes/1/createdBy:create", {"username": "x", "roles": ["root"]}, DENIED),
    ("admin", "/notes/1/createdBy:destroy", None, DENIED),
]


async def test_attempts_to_rise(house: Application, people: People, heads: dict[str, Head]) -> None:
    """All in one house, since none of them may change anything."""
    accepted(await people.web.post("/notes:create", json={"title": "A"}, headers=heads["root"]))
    before = await held(house)
    wrong = []
    for who, address, body, expected in ATTEMPTS:
        answer = await people.web.post(address, json=body, headers=heads[who])
        if expected is None:
            # Taken, but without what must not be written along.
            accepted(answer)
        elif refusal(answer) != expected:
            wrong.append((who, address, body, answer.status_code, answer.text))
    assert wrong == [], "\n".join(str(item) for item in wrong)
    assert await held(house) == before
    for name in ("admin", "member", "clerk"):
        await people.sign_in(name)
    users = accepted(await people.web.get("/users:list?sort=id", headers=heads["root"]))
    assert [(user["username"], user["email"], user["blocked"]) for user in users] == [
        ("root", "root@example.com", False),
        *((name, None, False) for name in ("admin", "member", "clerk")),
    ]


async def test_what_the_clerk_may_do(house: Application, people: People, heads: dict[str, Head]) -> None:
    web, clerk = people.web, heads["clerk"]
    made = {"username": "bob", "password": PASSWORD, "roles": ["clerk"]}
    bob = accepted(await web.post("/users:create", json=made, headers=clerk))["id"]
    accepted(await web.post(f"/users:update/{bob}", json={"nickname": "Bob"}, headers=clerk))
    accepted(await web.post(f"/users/{bob}/roles:add", json=["plain"], headers=clerk))
    accepted(await web.post("/roles/plain/users:set", json=[CLERK_ID], headers=clerk))
    assert (await held(house))[bob] == ["clerk"]
    narrow = {"name": "narrow", "snippets": ["pm.users"]}
    accepted(await web.post("/roles:create", json=narrow, headers=clerk))
    # In general the clerk sees their own records, but of notes only the titles.
    own = {"strategy": {"actions": ["view:own"]}}
    assert refusal(await web.post("/roles:update/narrow", json=own, headers=clerk)) == ESCALATION
    same = {"name": "notes", "actions": [{"name": "view", "fields": ["title"], "scope": "mine"}]}
    accepted(await web.post("/roles/narrow/resources:create", json=same, headers=clerk))
    accepted(await web.post("/roles:update/narrow", json=own, headers=clerk))
    accepted(await web.post("/roles:destroy/narrow", headers=clerk))
    accepted(await web.post(f"/users:destroy/{bob}", headers=clerk))


async def test_a_scope_under_a_key_that_is_still_named(people: People, heads: dict[str, Head]) -> None:
    """Renamed away and made anew, a scope would widen whatever is limited to its old key."""
    web, clerk = people.web, heads["clerk"]
    accepted(await web.post("/notes:create", json={"title": "A"}, headers=heads["root"]))
    assert accepted(await web.get("/notes:list", headers=clerk)) == []
    away = {"key": "elsewhere"}
    accepted(await web.post("/rolesResourcesScopes:update?filterByTk=3", json=away, headers=clerk))
    assert refusal(await web.get("/notes:list", headers=clerk)) == DENIED, (
        "what is not understood grants nothing"
    )
    for scope in ({}, {"id": {"$gt": 0}}):
        wide = {"key": "mine", "name": "Wide", "scope": scope}
        assert refusal(await web.post("/rolesResourcesScopes:create", json=wide, headers=clerk)) == ESCALATION
    assert refusal(await web.get("/notes:list", headers=clerk)) == DENIED


async def test_the_last_root_stays(house: Application, people: People, heads: dict[str, Head]) -> None:
    web, root = people.web, heads["root"]
    second = await people.add("second", "root")
    number = 5
    assert refusal(await web.post("/users/1/roles:set", json=["admin"], headers=root)) == CONFLICT
    accepted(await web.post("/users:update/1", json={"blocked": True}, headers=second))
    # The one who is left can neither go, nor be made less, nor be blocked; not even by the machine's operator.
    local = client_of(house)
    async with local as operator:
        for address, body in (
            (f"/users:destroy/{number}", None),
            (f"/users:update/{number}", {"blocked": True}),
            (f"/users:update/{number}", {"roles": ["admin"]}),
            (f"/users/{number}/roles:remove/root", None),
            (f"/roles/root/users:remove/{number}", None),
            ("/roles/root/users:set", [ROOT_ID]),
            ("/roles:destroy/root", None),
        ):
            assert refusal(await operator.post(address, json=body)) == CONFLICT, address
        accepted(await operator.post("/users:update/1", json={"blocked": False}))
        # Handed on in one step, someone is left at every moment.
        accepted(await operator.post("/roles/root/users:set", json=[ROOT_ID]))
    assert (await held(house))[ROOT_ID] == ["root"] and number not in await held(house)


async def test_two_roots_who_remove_one_another(house: Application, people: People) -> None:
    """Each alone would be allowed; one of both at once must fail."""
    first, second = await people.root(), await people.add("second", "root")
    answers = await asyncio.gather(
        people.web.post("/users:destroy/2", headers=first),
        people.web.post("/users:destroy/1", headers=second),
    )
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses in ([200, 401], [200, 409]), statuses
    assert list((await held(house)).values()) == [["root"]]
