"""What was granted on a collection or field goes with it, and is not there for the next one of the same name."""

from typing import Any

import pytest

from insula.application.access.people import EVERYTHING
from insula.data.query import Query
from insula.testing.people import Head, People, accepted, refusal

DENIED = (403, "NO_PERMISSION")
FIELDS = [{"name": "title", "type": "string"}, {"name": "secret", "type": "string"}]


@pytest.fixture
async def root(people: People) -> Head:
    head = await people.root()
    for name in ("notes", "letters"):
        body = {"name": name, "fields": FIELDS}
        accepted(await people.web.post("/collections:create", json=body, headers=head))
    for key, collection in (("short", "notes"), ("brief", "letters")):
        given = {"key": key, "name": key, "resourceName": collection, "scope": {"title": "short"}}
        accepted(await people.web.post("/rolesResourcesScopes:create", json=given, headers=head))
    return head


async def stored(people: People, collection: str) -> list[dict[str, Any]]:
    query = Query(page_size=None, counting="none")
    return (await people.application.repository.find(collection, query, scopes=EVERYTHING)).rows


async def test_a_new_collection_of_the_same_name_inherits_nothing(people: People, root: Head) -> None:
    web = people.web
    await people.role(
        "reader", notes=[{"name": "view", "scope": "short"}], letters=[{"name": "view", "scope": "brief"}]
    )
    ann = await people.add("ann", "reader")
    assert accepted(await web.get("/notes:list", headers=ann)) == []
    accepted(await web.post("/collections:destroy/notes", headers=root))
    accepted(await web.post("/collections:create", json={"name": "notes", "fields": FIELDS}, headers=root))
    assert refusal(await web.get("/notes:list", headers=ann)) == DENIED
    assert accepted(await web.get("/letters:list", headers=ann)) == [], "others keep theirs"
    assert [row["name"] for row in await stored(people, "rolesResources")] == ["letters"]
    assert {row["key"] for row in await stored(people, "rolesResourcesScopes")} == {"all", "own", "brief"}


async def test_what_was_left_before_does_not_count_for_what_is_made(people: People, root: Head) -> None:
    """Settings for names that are no collections, as earlier versions left them."""
    await people.role("reader")
    row = {"roleName": "reader", "name": "plans", "usingActionsConfig": True, "actions": [{"name": "view"}]}
    await people.application.repository.create("rolesResources", row, scopes=EVERYTHING)
    row = {"roleName": "reader", "name": "notes", "usingActionsConfig": True}
    row |= {"actions": [{"name": "view", "fields": ["title", "price"]}]}
    await people.application.repository.create("rolesResources", row, scopes=EVERYTHING)
    ann = await people.add("ann", "reader")
    made = {"name": "plans", "fields": FIELDS}
    accepted(await people.web.post("/collections:create", json=made, headers=root))
    assert refusal(await people.web.get("/plans:list", headers=ann)) == DENIED
    price = {"name": "price", "type": "integer"}
    accepted(await people.web.post("/collections/notes/fields:create", json=price, headers=root))
    accepted(await people.web.post("/notes:create", json={"title": "A", "price": 5}, headers=root))
    assert accepted(await people.web.get("/notes:list", headers=ann)) == [{"id": 1, "title": "A"}]


async def test_a_new_field_of_the_same_name_is_not_open(people: People, root: Head) -> None:
    web = people.web
    lists = [{"name": "view", "fields": ["title", "secret"]}, {"name": "update", "fields": ["secret"]}]
    await people.role("reader", notes=lists, letters=lists)
    ann = await people.add("ann", "reader")
    accepted(await web.post("/notes:create", json={"title": "A"}, headers=root))
    accepted(await web.post("/collections/notes/fields:destroy/secret", headers=root))
    assert accepted(await web.get("/notes:list", headers=ann)) == [{"id": 1, "title": "A"}]
    secret = {"name": "secret", "type": "string"}
    accepted(await web.post("/collections/notes/fields:create", json=secret, headers=root))
    assert accepted(await web.get("/notes:list", headers=ann)) == [{"id": 1, "title": "A"}]
    changed = await web.post("/notes:update/1", json={"secret": "x"}, headers=ann)
    assert refusal(changed) == DENIED, "without its only field a permission is gone: an empty list means all"
    settings = {row["name"]: row["actions"] for row in await stored(people, "rolesResources")}
    assert settings == {"notes": [{"name": "view", "fields": ["title"]}], "letters": lists}


async def test_all_fields_set_anew_at_once_likewise(people: People, root: Head) -> None:
    web = people.web
    await people.role("reader", notes=[{"name": "view", "fields": ["title", "secret"]}])
    kept = accepted(await web.get("/collections/notes/fields:list?paginate=false", headers=root))
    kept = [item for item in kept if item["name"] != "title"]
    fields = {"fields": [*kept, {"name": "size", "type": "integer"}]}
    accepted(await web.post("/collections:setFields?filterByTk=notes", json=fields, headers=root))
    [row] = await stored(people, "rolesResources")
    assert row["actions"] == [{"name": "view", "fields": ["secret"]}]


async def test_a_change_that_fails_takes_no_rights(people: People, root: Head) -> None:
    await people.role("reader", notes=[{"name": "view", "scope": "short"}])

    async def refuse(*_: object) -> None:
        raise RuntimeError("not now")

    people.application.metadata.companions.append(refuse)
    with pytest.raises(RuntimeError):
        await people.application.metadata.destroy_collection("notes")
    people.application.metadata.companions.remove(refuse)
    ann = await people.add("ann", "reader")
    assert accepted(await people.web.get("/notes:list", headers=ann)) == []
    assert len(await stored(people, "rolesResources")) == 1
    assert len(await stored(people, "rolesResourcesScopes")) == 4
