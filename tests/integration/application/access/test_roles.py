"""Roles themselves: what ``roles:check`` tells, choosing one's role, making, changing and removing roles."""

from typing import Any

import httpx
import pytest

from insula.testing.people import PASSWORD, Head, People, accepted, refusal

CONFLICT = (409, "CONFLICT")
INVALID = (400, "VALIDATION_ERROR")
NOT_HELD = (403, "ROLE_NOT_FOUND_ERR")
NO_ROLE = (401, "USER_HAS_NO_ROLES_ERR")
ALL = ["create", "view", "update", "destroy", "export", "import"]
CONFIGURE = ["pm", "pm.*", "ui.*", "app"]


async def check(web: httpx.AsyncClient, head: Head) -> Any:
    return accepted(await web.get("/roles:check", headers=head))


async def test_check_tells_what_the_role_in_force_may_do(people: People, web: httpx.AsyncClient) -> None:
    nothing: dict[str, Any] = {"actions": {}, "resources": []}
    assert await check(web, await people.root()) == {
        **nothing,
        "role": "root",
        "strategy": {"actions": ALL},
        "snippets": CONFIGURE,
        "allowAll": True,
        "allowConfigure": True,
    }
    assert await check(web, await people.add("adam", "admin")) == {
        **nothing,
        "role": "admin",
        "strategy": {"actions": ALL},
        "snippets": CONFIGURE,
        "allowAll": False,
        "allowConfigure": True,
    }
    plain = {**nothing, "snippets": [], "allowAll": False, "allowConfigure": False}
    strategy = {"actions": ["view", "create", "update:own", "destroy:own"]}
    assert await check(web, await people.add("mia", "member")) == {
        **plain,
        "role": "member",
        "strategy": strategy,
    }
    assert await check(web, {}) == {**plain, "role": "anonymous", "strategy": {"actions": []}}


async def test_check_tells_of_single_collections(people: People, web: httpx.AsyncClient) -> None:
    root = await people.root()
    for name in ("notes", "drafts"):
        body = {"name": name, "fields": [{"name": "title", "type": "string"}]}
        accepted(await web.post("/collections:create", json=body, headers=root))
    setting = [{"name": "view", "fields": ["title"], "scope": "own"}, {"name": "create"}]
    await people.role("reader", ["view"], ["pm.users", "!pm.acl.*"], notes=setting, drafts=[])
    found = await check(web, await people.add("ann", "reader"))
    assert found == {
        "role": "reader",
        "strategy": {"actions": ["view"]},
        "actions": {
            "notes:view": {"fields": ["title"], "own": True, "filtered": True},
            "notes:create": {"fields": [], "own": False, "filtered": False},
        },
        "resources": ["drafts", "notes"],
        "snippets": ["pm.users", "!pm.acl.*"],
        "allowAll": False,
        "allowConfigure": False,
    }


async def test_choosing_among_ones_roles(people: People, web: httpx.AsyncClient) -> None:
    ann = await people.add("ann", "member", "admin")
    assert (await check(web, ann))["role"] == "member"
    assert (await check(web, {**ann, "x-role": "admin"}))["role"] == "admin"
    assert refusal(await web.get("/users:list", headers=ann)) == (403, "NO_PERMISSION")
    accepted(await web.get("/users:list", headers={**ann, "x-role": "admin"}))
    for role in ("root", "nonsense", "", None, 5, ["admin"]):
        answer = await web.post("/users:setDefaultRole", json={"roleName": role}, headers=ann)
        assert refusal(answer) == NOT_HELD, role
    accepted(await web.post("/users:setDefaultRole", json={"roleName": "admin"}, headers=ann))
    assert (await check(web, ann))["role"] == "admin"
    # A default role that is taken away is followed by another.
    accepted(await web.post("/users/2/roles:remove/admin", headers=await people.root()))
    assert (await check(web, ann))["role"] == "member"
    assert refusal(await web.get("/users:list", headers={**ann, "x-role": "admin"})) == NOT_HELD
    assert refusal(await web.get("/roles:check", headers={**ann, "x-role": "admin"})) == NOT_HELD
    # A page that kept the role of someone else can still sign in.
    given = {"account": "ann", "password": PASSWORD}
    accepted(await web.post("/auth:signIn", json=given, headers={"x-role": "admin"}))
    accepted(await web.post("/auth:signIn", json=given, headers={**ann, "x-role": "admin"}))


async def test_check_tells_why_a_token_is_of_no_use(people: People, web: httpx.AsyncClient) -> None:
    ann = await people.add("ann", "member")
    assert refusal(await web.get("/roles:check", headers={"authorization": "Bearer x"}))[0] == 401
    accepted(await web.post("/users/2/roles:remove/member", headers=await people.root()))
    assert refusal(await web.get("/roles:check", headers=ann)) == NO_ROLE
    assert refusal(await web.get("/auth:check", headers=ann)) == NO_ROLE


async def test_a_changed_role_counts_at_once(people: People, web: httpx.AsyncClient) -> None:
    root = await people.root()
    await people.role("clerk", snippets=["pm.users"])
    ann = await people.add("ann", "clerk")
    accepted(await web.get("/users:list", headers=ann))
    accepted(await web.post("/roles:update/clerk", json={"snippets": []}, headers=root))
    assert refusal(await web.get("/users:list", headers=ann)) == (403, "NO_PERMISSION")
    accepted(await web.post("/roles:update/clerk", json={"snippets": ["pm.*", "!pm.acl.*"]}, headers=root))
    accepted(await web.get("/users:list", headers=ann))
    assert refusal(await web.get("/roles:list", headers=ann)) == (403, "NO_PERMISSION")
    accepted(await web.post("/roles:destroy/clerk", headers=root))
    assert refusal(await web.get("/users:list", headers=ann)) == NO_ROLE


async def test_making_roles(people: People, web: httpx.AsyncClient) -> None:
    root = await people.root()
    made = accepted(await web.post("/roles:create", json={"title": "Guest"}, headers=root))
    assert made["name"].startswith("r_") and made["title"] == "Guest" and made["default"] is False
    given = {"name": "guest", "createdAt": None}
    accepted(await web.post("/roles:create", json=given, headers=root))
    for name in ("guest", "Guest", "GUEST", "Admin", "ROOT"):
        answer = await web.post("/roles:create", json={"name": name}, headers=root)
        assert refusal(answer) == CONFLICT, name
    answer = await web.post("/roles:create", json={"name": "Admin"}, headers=root)
    assert '"admin" differs' in answer.json()["errors"][0]["message"]
    wrong: list[dict[str, Any]] = [
        *({"name": name} for name in ("a b", "a/b", "x" * 51, 5, ["x"], {"a": 1}, "'", "ä\0")),
        *({"strategy": value} for value in ("view", ["view"], {"actions": "view"}, {"actions": ["x"]})),
        *({"strategy": {"actions": value}} for value in ([5], ["view:mine"], [None], [["view"]])),
        *({"snippets": value} for value in ("pm.*", [5], ["a b"], ["*.x"], ["pm.*"] * 201, {"pm": 1})),
        *({"snippets": [value]} for value in ("nope.nope", "!pm.nope", "pm.userz", "pm.nope.*", "ui.x", "p")),
        *({"users": [1]}, {"resources": [{"name": "notes"}]}, {"default": "yes"}),
        *({"users": [{"username": "x"}]} and {"nonsense": 1}, {"hidden": "perhaps"}, {"title": ["x"]}),
    ]
    for body in wrong:
        answer = await web.post("/roles:create", json=body, headers=root)
        assert answer.status_code == 400, (body, answer.text)
    assert len(accepted(await web.get("/roles:list", headers=root))) == 6


async def test_a_snippet_that_is_not_known_is_named(people: People, web: httpx.AsyncClient) -> None:
    root = await people.root()
    answer = await web.post("/roles:create", json={"snippets": ["pm.users", "pm.userz"]}, headers=root)
    assert refusal(answer) == INVALID
    assert "pm.userz" in answer.text and "pm.acl.roles, pm.api-doc.documentation" in answer.text
    # As the protocol's clients send it for a new role.
    usual = {"name": "usual", "snippets": ["!ui.*", "!pm", "!pm.*", "!app", "pm.acl.*", "pm.jobs"]}
    accepted(await web.post("/roles:create", json=usual, headers=root))
    changed = await web.post("/roles:update/usual", json={"snippets": ["*.x"]}, headers=root)
    assert refusal(changed) == INVALID


async def test_built_in_roles_stay(people: People, web: httpx.AsyncClient) -> None:
    root = await people.root()
    for role in ("root", "admin", "member", "anonymous"):
        assert refusal(await web.post(f"/roles:destroy/{role}", headers=root)) == CONFLICT
        renamed = await web.post(f"/roles:update/{role}", json={"name": "other"}, headers=root)
        assert refusal(renamed) == CONFLICT
    assert refusal(await web.post("/roles:update/root", json={"snippets": []}, headers=root)) == CONFLICT
    accepted(await web.post("/roles:update/member", json={"title": "People"}, headers=root))
    for address in ("/roles:update/nobody", "/roles:destroy/nobody"):
        assert refusal(await web.post(address, json={"title": "x"}, headers=root)) == (404, "NOT_FOUND")
    for address in ("/roles:update", "/roles:destroy"):
        assert refusal(await web.post(address, json={"title": "x"}, headers=root)) == (400, "FILTER_REQUIRED")


async def test_the_default_role(people: People, web: httpx.AsyncClient) -> None:
    root = await people.root()
    await people.role("guest")
    user = {"username": "ann", "password": "mine alone 5"}
    accepted(await web.post("/users:create", json=user, headers=root))
    accepted(await web.post("/roles:setDefaultRole", json={"roleName": "guest"}, headers=root))
    accepted(await web.post("/users:create", json={**user, "username": "bob"}, headers=root))
    names = [accepted(await web.get(f"/users/{number}/roles:list", headers=root)) for number in (2, 3)]
    assert [[role["name"] for role in roles] for roles in names] == [["member"], ["guest"]]
    listed = accepted(await web.get("/roles:list?filter[default]=true", headers=root))
    assert [role["name"] for role in listed] == ["guest"]
    assert refusal(await web.post("/roles:destroy/guest", headers=root)) == CONFLICT
    assert refusal(await web.post("/roles:setDefaultRole", json={"roleName": "x"}, headers=root))[0] == 404


async def test_the_default_role_by_its_field(people: People, web: httpx.AsyncClient) -> None:
    root = await people.root()
    made = accepted(await web.post("/roles:create", json={"name": "guest", "default": True}, headers=root))
    assert made["default"] is True

    async def default() -> list[str]:
        listed = accepted(await web.get("/roles:list?filter[default]=true", headers=root))
        return [role["name"] for role in listed]

    assert await default() == ["guest"]
    [changed] = accepted(await web.post("/roles:update/member", json={"default": True}, headers=root))
    assert changed["default"] is True and await default() == ["member"]
    accepted(await web.post("/roles:update/guest", json={"default": False}, headers=root))
    refused = {
        "/roles:update/admin": ({"default": True}, INVALID),
        "/roles:update/anonymous": ({"default": True}, INVALID),
        "/roles:update/guest": ({"default": True, "snippets": ["pm.users"]}, INVALID),
        "/roles:update/member": ({"default": False}, CONFLICT),
        '/roles:update?filterByTk=["guest","member"]': ({"default": True}, INVALID),
        "/roles:create": ({"default": True, "snippets": ["pm.users"]}, INVALID),
    }
    for address, (body, refused_with) in refused.items():
        assert refusal(await web.post(address, json=body, headers=root)) == refused_with, address
    assert await default() == ["member"]
    assert len(accepted(await web.get("/roles:list", headers=root))) == 5


@pytest.mark.parametrize("way", ["add", "set", "remove"])
async def test_users_in_a_role(people: People, web: httpx.AsyncClient, way: str) -> None:
    root = await people.root()
    await people.role("guest")
    for name in ("ann", "bob", "cid"):
        await people.make(name, "member")
    accepted(await web.post("/roles/guest/users:add", json=[{"id": 2}, 3], headers=root))
    accepted(await web.post(f"/roles/guest/users:{way}", json=[3, 4], headers=root))
    found = accepted(await web.get("/roles/guest/users:list?sort=id", headers=root))
    expected = {"add": ["ann", "bob", "cid"], "set": ["bob", "cid"], "remove": ["ann"]}
    assert [user["username"] for user in found] == expected[way]
    # All or none: the last one does not exist.
    assert refusal(await web.post(f"/roles/guest/users:{way}", json=[2, 99], headers=root)) == (
        404,
        "NOT_FOUND",
    )
    again = accepted(await web.get("/roles/guest/users:list?sort=id", headers=root))
    assert [user["id"] for user in again] == [user["id"] for user in found]


async def test_permissions_are_listed(people: People, web: httpx.AsyncClient) -> None:
    found = accepted(await web.get("/availableActions:list", headers=await people.add("ann", "member")))
    assert [action["name"] for action in found] == ALL
    assert {action["name"] for action in found if action["onNewRecord"]} == {"create", "import"}


async def test_what_clients_of_the_protocol_send_beside(people: People, web: httpx.AsyncClient) -> None:
    """Parameters of features that are not here do not matter; what is meant and misspelt is refused."""
    root = await people.root()
    for address in (
        *("/roles:list?showAnonymous=true&_=123", "/roles:check?_=1", "/users:list?tree=false&context[a]=1"),
        *("/auth:check?manual=true", "/collections:list?manual=true", "/users:get/1?timestamp=5"),
        *("/users:count?showAnonymous=true", "/app:getInfo?x=y", "/systemSettings:get?refresh=1"),
    ):
        accepted(await web.get(address, headers=root))
    body = {"name": "guest"}
    accepted(await web.post("/roles:create?triggerWorkflows=a&skipNotify=true", json=body, headers=root))
    for address, meant in (("/users:list?filters[id]=1", "filter"), ("/users:list?pagesize=1", "pageSize")):
        answer = await web.get(address, headers=root)
        assert refusal(answer) == (400, "INVALID_PARAMETER") and meant in answer.text, address
