"""What roles may do with records: general strategy, settings for a collection, fields, own records, scopes."""

import asyncio
from typing import Any

import httpx
import pytest

from insula.data.filters.tree import Condition
from insula.data.scope import Unrestricted
from insula.plugins.acl.prospect import SCOPES_LOCK
from insula.testing.people import Head, People, accepted, refusal

DENIED = (403, "NO_PERMISSION")
MISSING = (404, "NOT_FOUND")


@pytest.fixture
async def root(people: People) -> Head:
    """Root, with notes to work on and three scopes that hold variables."""
    head = await people.root()
    fields = [{"name": "title", "type": "string"}, {"name": "pages", "type": "integer"}]
    fields += [{"name": "team", "type": "string"}]
    body = {"name": "notes", "fields": fields, "createdBy": True, "updatedBy": True}
    accepted(await people.web.post("/collections:create", json=body, headers=head))
    team = {"name": "team", "type": "string"}
    accepted(await people.web.post("/collections/users/fields:create", json=team, headers=head))
    scopes: dict[str, Any] = {
        "mine": {"createdById": {"$eq": "{{ $user.id }}"}},
        "team": {"team": "{{$user.team}}"},
        "role": {"title": {"$in": ["{{ $nRole }}", "for all"]}},
        "thick": {"$and": [{"pages": {"$gt": 100}}, {"$not": {"title": "{{ $user.nickname }}"}}]},
    }
    for key, scope in scopes.items():
        given = {"key": key, "name": key.title(), "scope": scope}
        accepted(await people.web.post("/rolesResourcesScopes:create", json=given, headers=head))
    return head


async def titles(web: httpx.AsyncClient, head: Head) -> list[str]:
    rows = accepted(await web.get("/notes:list?sort=id", headers=head))
    return [row["title"] for row in rows]


async def test_the_strategy_counts_where_nothing_else_is_said(people: People, root: Head) -> None:
    web = people.web
    await people.role("reader", ["view"])
    ann = await people.add("ann", "reader")
    accepted(await web.post("/notes:create", json={"title": "A"}, headers=root))
    assert await titles(web, ann) == ["A"]
    assert refusal(await web.post("/notes:create", json={"title": "B"}, headers=ann)) == DENIED
    # A setting overrides it as a whole.
    setting = {"name": "notes", "actions": [{"name": "create"}]}
    made = accepted(await web.post("/roles/reader/resources:create", json=setting, headers=root))
    assert made["usingActionsConfig"] is True
    assert refusal(await web.get("/notes:list", headers=ann)) == DENIED
    accepted(await web.post("/notes:create", json={"title": "B"}, headers=ann))
    # Switched off, and taken away, it counts no more: at once.
    off = {"usingActionsConfig": False}
    accepted(await web.post("/roles/reader/resources:update?filterByTk=notes", json=off, headers=root))
    assert await titles(web, ann) == ["A", "B"]
    on = {"usingActionsConfig": True}
    accepted(await web.post("/roles/reader/resources:update?filterByTk=notes", json=on, headers=root))
    assert refusal(await web.get("/notes:list", headers=ann)) == DENIED
    gone = await web.post("/roles/reader/resources:destroy?filterByTk=notes", headers=root)
    assert accepted(gone) == 1
    assert await titles(web, ann) == ["A", "B"]


async def test_fields_of_a_role(people: People, root: Head) -> None:
    web = people.web
    lists = {"view": ["title"], "create": ["title", "pages"], "update": ["pages"]}
    await people.role("reader", notes=[{"name": name, "fields": fields} for name, fields in lists.items()])
    ann = await people.add("ann", "reader")
    made = accepted(await web.post("/notes:create", json={"title": "A", "pages": 1}, headers=ann))
    assert made == {"id": 1, "title": "A"}, "what is not seen is not answered either"
    assert accepted(await web.get("/notes:list", headers=ann)) == [{"id": 1, "title": "A"}]
    for given in ({"team": "x"}, {"title": "B", "team": "x"}):
        assert refusal(await web.post("/notes:create", json=given, headers=ann))[0] == 400
    assert refusal(await web.post("/notes:update/1", json={"title": "B"}, headers=ann))[0] == 400
    assert accepted(await web.post("/notes:update/1", json={"pages": 2}, headers=ann)) == [
        {"id": 1, "title": "A"}
    ]
    row = accepted(await web.get("/notes:get/1", headers=root))
    assert (row["title"], row["pages"], row["team"]) == ("A", 2, None)
    assert refusal(await web.post("/notes:destroy/1", headers=ann)) == DENIED


async def test_creating_does_not_update(people: People, root: Head) -> None:
    """``updateOrCreate`` needs the right to do either where it does it."""
    web = people.web
    await people.role("maker", notes=[{"name": "create"}, {"name": "view"}])
    ann = await people.add("ann", "maker")
    accepted(await web.post("/notes:create", json={"title": "A", "pages": 1}, headers=root))
    given = {"values": {"title": "A", "pages": 2}, "filterKeys": ["title"]}
    assert refusal(await web.post("/notes:updateOrCreate", json=given, headers=ann)) == DENIED
    given["values"] = {"title": "B", "pages": 2}
    accepted(await web.post("/notes:updateOrCreate", json=given, headers=ann))
    assert [row["pages"] for row in accepted(await web.get("/notes:list?sort=id", headers=root))] == [1, 2]


async def test_a_role_that_creates_and_sees_nothing_learns_nothing(people: People, root: Head) -> None:
    web = people.web
    await people.role("maker", notes=[{"name": "create"}])
    ann = await people.add("ann", "maker")
    accepted(await web.post("/notes:create", json={"title": "A", "team": "secret"}, headers=root))
    given = {"values": {"title": "A"}, "filterKeys": ["title"]}
    answer = await web.post("/notes:firstOrCreate", json=given, headers=ann)
    assert "secret" not in answer.text
    assert refusal(await web.get("/notes:get/1", headers=ann)) == DENIED


async def test_own_records(people: People, root: Head) -> None:
    web = people.web
    ann, bob = await people.add("ann", "member"), await people.add("bob", "member")
    for head, title in ((root, "R"), (ann, "A"), (bob, "B")):
        accepted(await web.post("/notes:create", json={"title": title}, headers=head))
    # A member sees all, and changes what is their own.
    assert await titles(web, ann) == ["R", "A", "B"]
    for number in (1, 3):
        changed = await web.post(f"/notes:update/{number}", json={"pages": 5}, headers=ann)
        assert refusal(changed) == MISSING
        assert refusal(await web.post(f"/notes:destroy/{number}", headers=ann)) == MISSING
    everything = {"filter": {"id": {"$gt": 0}}}
    accepted(await web.post("/notes:update", json={"values": {"pages": 7}, **everything}, headers=ann))
    rows = accepted(await web.get("/notes:list?sort=id", headers=root))
    assert [row["pages"] for row in rows] == [None, 7, None]
    assert accepted(await web.post("/notes:destroy", json=everything, headers=ann)) == 1
    assert await titles(web, ann) == ["R", "B"]


async def test_nobody_claims_what_others_made(people: People, root: Head) -> None:
    web = people.web
    ann = await people.add("ann", "member")
    forged = {"title": "F", "createdById": 1, "createdBy": 1, "updatedById": 1}
    made = accepted(await web.post("/notes:create", json=forged, headers=ann))
    assert (made["createdById"], made["updatedById"]) == (2, 2)
    accepted(await web.post("/notes:update/1", json={"createdById": 1, "createdBy": {"id": 1}}, headers=ann))
    assert accepted(await web.get("/notes:get/1", headers=root))["createdById"] == 2
    accepted(await web.post("/notes:create", json={"title": "R"}, headers=root))
    for way in ("add", "set"):
        answer = await web.post(f"/notes/2/createdBy:{way}", json=[2], headers=ann)
        assert refusal(answer) == MISSING
    assert accepted(await web.get("/notes:get/2", headers=root))["createdById"] == 1


async def test_scopes_with_variables(people: People, root: Head) -> None:
    web = people.web
    for key in ("mine", "team", "role", "thick"):
        await people.role(f"by-{key}", notes=[{"name": "view", "scope": key}, {"name": "create"}])
    heads = {key: await people.add(key, f"by-{key}") for key in ("mine", "team", "role", "thick")}
    for note in (
        {"title": "nobody's", "pages": 500},
        {"title": "for all", "team": "red"},
        {"title": "by-role", "team": "blue"},
        {"title": "Thick", "pages": 500},
    ):
        accepted(await web.post("/notes:create", json=note, headers=root))
    accepted(await web.post("/notes:create", json={"title": "mine"}, headers=heads["mine"]))
    assert await titles(web, heads["mine"]) == ["mine"]
    assert await titles(web, heads["role"]) == ["for all", "by-role"]
    # Without a team nothing is seen: not what has no team either.
    assert await titles(web, heads["team"]) == []
    accepted(await web.post("/users:update/3", json={"team": "red"}, headers=root))
    assert await titles(web, heads["team"]) == ["for all"]
    accepted(await web.post("/users:update/3", json={"team": "blue"}, headers=root))
    assert await titles(web, heads["team"]) == ["by-role"]
    assert await titles(web, heads["thick"]) == []
    accepted(await web.post("/users:updateProfile", json={"nickname": "Thick"}, headers=heads["thick"]))
    assert await titles(web, heads["thick"]) == ["nobody's"]
    # Counting, getting and grouping keep to it too.
    assert accepted(await web.get("/notes:count", headers=heads["mine"])) == {"count": 1}
    assert accepted(await web.get("/notes:get/1", headers=heads["mine"])) is None
    count = {"measures": [{"field": "id", "aggregation": "count", "alias": "n"}]}
    assert accepted(await web.post("/notes:query", json=count, headers=heads["mine"])) == [{"n": 1}]


async def test_a_changed_scope_counts_at_once(people: People, root: Head) -> None:
    web = people.web
    await people.role("reader", notes=[{"name": "view", "scope": "thick"}])
    ann = await people.add("ann", "reader")
    accepted(await web.post("/users:update/2", json={"nickname": "Ann"}, headers=root))
    for pages in (50, 500):
        accepted(await web.post("/notes:create", json={"title": f"{pages}", "pages": pages}, headers=root))
    assert await titles(web, ann) == ["500"]
    number = accepted(await web.get("/rolesResourcesScopes:list?filter[key]=thick", headers=root))[0]["id"]
    thin = {"scope": {"pages": {"$lt": 100}}}
    accepted(await web.post(f"/rolesResourcesScopes:update/{number}", json=thin, headers=root))
    assert await titles(web, ann) == ["50"]
    kept = await web.post(f"/rolesResourcesScopes:destroy/{number}", headers=root)
    assert refusal(kept) == (409, "CONFLICT")
    accepted(await web.post("/roles:destroy/reader", headers=root))
    assert accepted(await web.post(f"/rolesResourcesScopes:destroy/{number}", headers=root)) == 1


BAD_SCOPES: list[tuple[Any, str]] = [
    ({"a": "{{ $user.id.x }}"}, "unknown variable $user.id.x"),
    ({"a": "{{ $user.nonsense }}"}, "unknown variable $user.nonsense"),
    ({"a": "{{ $user.password }}"}, "unknown variable $user.password"),
    ({"a": "{{ $user.roles }}"}, "unknown variable $user.roles"),
    ({"a": "{{ $env.APP_KEY }}"}, "unknown variable $env.APP_KEY"),
    ({"a": "{{ $nDate.someday }}"}, "unknown variable $nDate.someday"),
    ({"$or": [{"a": 1}, {"b": {"$in": ["{{ $x }}"]}}]}, "unknown variable $x"),
    ({"a": "by {{ $user.id }}"}, "stand alone"),
    ({"a": {"$explode": 1}}, "$explode"),
    ("{", "JSON"),
    ([1], "filter"),
    (5, "filter"),
]


async def test_a_scope_that_is_not_understood_is_refused(people: People, root: Head) -> None:
    for scope, reason in BAD_SCOPES:
        given = {"key": "bad", "name": "Bad", "scope": scope}
        made = await people.web.post("/rolesResourcesScopes:create", json=given, headers=root)
        assert refusal(made)[0] == 400 and reason in made.text, made.text
        changed = await people.web.post("/rolesResourcesScopes:update/3", json={"scope": scope}, headers=root)
        assert refusal(changed)[0] == 400 and reason in changed.text, changed.text


BAD_SETTINGS: list[Any] = [
    *("view", {"name": "view"}, [5], [None], [{"fields": ["title"]}], [{"name": "explode"}]),
    *([{"name": "view"}, {"name": "get"}], [{"name": "view", "fields": "title"}]),
    *([{"name": "view", "fields": [5]}], [{"name": "view", "fields": ["title"] * 1001}]),
    *([{"name": "view", "scope": "unknown"}], [{"name": "view", "scope": 4711}]),
    *(
        [{"name": "view", "scope": {}}],
        [{"name": "view", "scope": True}],
        [{"name": "view", "scope": []}],
    ),
]


async def test_a_setting_that_is_not_understood_is_refused(people: People, root: Head) -> None:
    await people.role("reader")
    for actions in BAD_SETTINGS:
        given = {"name": "notes", "actions": actions}
        answer = await people.web.post("/roles/reader/resources:create", json=given, headers=root)
        assert refusal(answer) == (400, "VALIDATION_ERROR"), answer.text


async def test_a_permission_names_fields_that_there_are(people: People, root: Head) -> None:
    web = people.web
    await people.role("reader")
    for fields, wrong in ((["title", "nope"], "nope"), (["Title"], "Title"), (["x" * 300], "xxx")):
        given = {"name": "notes", "actions": [{"name": "view"}, {"name": "update", "fields": fields}]}
        answer = await web.post("/roles/reader/resources:create", json=given, headers=root)
        assert refusal(answer) == (400, "VALIDATION_ERROR") and wrong in answer.text, answer.text
    fine = {"name": "notes", "actions": [{"name": "view", "fields": ["title", "createdBy", "id"]}]}
    made = accepted(await web.post("/roles/reader/resources:create", json=fine, headers=root))
    bad = {"actions": [{"name": "view", "fields": ["nope"]}]}
    changed = await web.post("/roles/reader/resources:update?filterByTk=notes", json=bad, headers=root)
    assert refusal(changed) == (400, "VALIDATION_ERROR") and "nope" in changed.text
    # A whole record may be sent back; what it says otherwise than before is not passed over.
    address = "/roles/reader/resources:update?filterByTk=notes"
    accepted(await web.post(address, json=made, headers=root))
    assert refusal(await web.post(address, json={"name": "tags"}, headers=root)) == (409, "CONFLICT")
    for more in ({"roleName": "member"}, {"id": 77}, {"nonsense": 1}):
        answer = await web.post(address, json={**made, **more}, headers=root)
        assert refusal(answer) == (400, "VALIDATION_ERROR"), more


async def test_a_scope_fits_its_collection(people: People, root: Head) -> None:
    web = people.web
    await people.role("reader")
    wrong: list[tuple[Any, str]] = [
        ({"nope": 1}, "nope"),
        ({"$and": [{"title": "x"}, {"nope": "{{ $user.id }}"}]}, "nope"),
        ({"createdBy.nope": 1}, "nope"),
        ({"createdBy": {"nope": {"$gt": 1}}}, "nope"),
        ({"pages": "many"}, "pages"),
        ({"title": {"$dateOn": "2026-01-01"}}, "$dateOn"),
    ]
    for scope, named in wrong:
        given = {"key": "bad", "name": "Bad", "resourceName": "notes", "scope": scope}
        answer = await web.post("/rolesResourcesScopes:create", json=given, headers=root)
        assert refusal(answer) == (400, "VALIDATION_ERROR"), answer.text
        assert named in answer.text and ".." not in answer.text, answer.text
        # For no collection of its own it is kept, but no permission can be limited to it.
        loose = {"name": "Loose", "scope": scope}
        number = accepted(await web.post("/rolesResourcesScopes:create", json=loose, headers=root))["id"]
        setting = {"name": "notes", "actions": [{"name": "view", "scope": number}]}
        answer = await web.post("/roles/reader/resources:create", json=setting, headers=root)
        assert refusal(answer) == (400, "VALIDATION_ERROR") and named in answer.text, answer.text
    unknown = {"name": "Lost", "resourceName": "nowhere", "scope": {"a": 1}}
    assert refusal(await web.post("/rolesResourcesScopes:create", json=unknown, headers=root))[0] == 400
    # Once a permission is limited to it, it stays one that fits.
    await people.role("second", notes=[{"name": "view", "scope": "mine"}])
    number = accepted(await web.get("/rolesResourcesScopes:list?filter[key]=mine", headers=root))[0]["id"]
    changed = await web.post(
        f"/rolesResourcesScopes:update/{number}", json={"scope": {"nope": 1}}, headers=root
    )
    assert refusal(changed) == (400, "VALIDATION_ERROR") and "nope" in changed.text
    accepted(await web.post(f"/rolesResourcesScopes:update/{number}", json={"name": "M"}, headers=root))


async def test_a_scope_that_does_not_fit_any_more_says_so(people: People, root: Head) -> None:
    web = people.web
    limited = [{"name": name, "scope": "team"} for name in ("view", "create", "update")]
    await people.role("reader", notes=limited)
    ann = await people.add("ann", "reader")
    assert await titles(web, ann) == []
    accepted(await web.post("/collections/notes/fields:destroy/team", headers=root))
    for action in ("list", "count", "get/1"):
        answer = await web.get(f"/notes:{action}", headers=ann)
        assert refusal(answer) == (403, "BROKEN_SCOPE"), answer.text
        assert "team" in answer.text and "notes" in answer.text and "reader" in answer.text
    changed = await web.post("/notes:update/1", json={"title": "x"}, headers=ann)
    assert refusal(changed) == (403, "BROKEN_SCOPE")
    accepted(await web.get("/roles:check", headers=ann))
    # Mended by bringing the field back.
    team = {"name": "team", "type": "string"}
    accepted(await web.post("/collections/notes/fields:create", json=team, headers=root))
    assert await titles(web, ann) == []


async def test_no_scope_limits_what_is_made_and_what_becomes_of_it(people: People, root: Head) -> None:
    """As in the protocol: a scope says which records there are, not what may be written into them."""
    web = people.web
    limited = [{"name": name, "scope": "thick"} for name in ("view", "create", "update")]
    await people.role("writer", notes=limited)
    ann = await people.add("ann", "writer")
    accepted(await web.post("/users:update/2", json={"nickname": "Ann"}, headers=root))
    accepted(await web.post("/notes:create", json={"title": "thin", "pages": 1}, headers=ann))
    accepted(await web.post("/notes:create", json={"title": "thick", "pages": 500}, headers=ann))
    assert await titles(web, ann) == ["thick"]
    accepted(await web.post("/notes:update/2", json={"pages": 2}, headers=ann))
    assert await titles(web, ann) == []
    assert refusal(await web.post("/notes:update/2", json={"pages": 500}, headers=ann)) == MISSING


async def test_settings_are_for_collections_that_people_made(people: People, root: Head) -> None:
    await people.role("reader")
    for name in ("users", "roles", "sessions", "nothing", None, 5, "", ["notes"]):
        given = {"name": name, "actions": []}
        answer = await people.web.post("/roles/reader/resources:create", json=given, headers=root)
        assert refusal(answer) == (400, "VALIDATION_ERROR"), name
    given = {"name": "notes", "actions": []}
    accepted(await people.web.post("/roles/reader/resources:create", json=given, headers=root))
    twice = await people.web.post("/roles/reader/resources:create", json=given, headers=root)
    assert refusal(twice) == (409, "CONFLICT")


async def test_everything_is_closed_to_a_role_that_says_nothing(people: People, root: Head) -> None:
    await people.role("plain")
    ann = await people.add("ann", "plain")
    for action in ("list", "get/1", "count"):
        assert refusal(await people.web.get(f"/notes:{action}", headers=ann)) == DENIED
    for action in ("create", "update/1", "destroy/1", "move", "firstOrCreate", "updateOrCreate"):
        assert refusal(await people.web.post(f"/notes:{action}", json={}, headers=ann)) == DENIED
    assert accepted(await people.web.get("/auth:check", headers=ann))["username"] == "ann"


async def test_what_anonymous_may_do_is_open_to_all(people: People, root: Head) -> None:
    web = people.web
    accepted(await web.post("/notes:create", json={"title": "A", "pages": 3}, headers=root))
    assert refusal(await web.get("/notes:list")) == (401, "EMPTY_TOKEN")
    setting = {"name": "notes", "actions": [{"name": "view", "fields": ["title"]}]}
    accepted(await web.post("/roles/anonymous/resources:create", json=setting, headers=root))
    assert accepted(await web.get("/notes:list")) == [{"id": 1, "title": "A"}]
    assert refusal(await web.get("/notes:list?appends=createdBy"))[0] in (400, 401, 403)
    assert refusal(await web.post("/notes:create", json={"title": "B"})) == (401, "EMPTY_TOKEN")
    # Configuration is never open to nobody.
    wide = {"snippets": ["pm.*"]}
    assert refusal(await web.post("/roles:update/anonymous", json=wide, headers=root))[0] == 400


async def test_a_scope_that_is_just_being_named_stays(people: People, root: Head) -> None:
    await people.role("reader", notes=[{"name": "view"}])
    number = accepted(await people.web.get("/rolesResourcesScopes:list?filter[key]=thick", headers=root))[0][
        "id"
    ]
    repository, everything = people.application.repository, Unrestricted()
    async with repository.transaction() as naming:
        await naming.lock(SCOPES_LOCK)
        named = {"actions": [{"name": "view", "scope": {"id": number}}]}
        reader = Condition(("roleName",), "$eq", "reader")
        await repository.update("rolesResources", named, filter=reader, scopes=everything, on=naming)
        path = f"/rolesResourcesScopes:destroy/{number}"
        removal = asyncio.create_task(people.web.post(path, headers=root))
        assert (await asyncio.wait((removal,), timeout=0.3))[0] == set()
    assert refusal(await removal) == (409, "CONFLICT")
