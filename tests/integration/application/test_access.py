"""Sign-in, tokens and permissions, through the real API."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from insula.application.access.people import EVERYTHING
from insula.application.application import Application
from insula.application.options import RootUser
from insula.plugins.acl.plugin import AclPlugin
from insula.plugins.api_keys.plugin import ApiKeysPlugin
from insula.plugins.auth.plugin import AuthPlugin
from insula.plugins.system_settings.plugin import SystemSettingsPlugin
from insula.plugins.users.plugin import UsersPlugin
from insula.testing.applications import Library, MakeApplication

ROOT = RootUser(email="Root@Example.com", username="root", nickname="Root", password="secret-1")


@pytest.fixture
async def house(make: MakeApplication) -> AsyncIterator[Application]:
    made = make(Library(), UsersPlugin(), AclPlugin(), AuthPlugin(), ApiKeysPlugin(), SystemSettingsPlugin())
    await made.install(ROOT)
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def web(house: Application) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(house), base_url="http://test") as client:
        yield client


async def sign_in(
    web: httpx.AsyncClient, account: str = "root", password: str = "secret-1"
) -> dict[str, str]:
    answer = await web.post("/auth:signIn", json={"account": account, "password": password})
    web.cookies.clear()
    assert answer.status_code == 200, answer.text
    return {"authorization": f"Bearer {answer.json()['data']['token']}"}


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["errors"][0]["code"]


async def person(web: httpx.AsyncClient, name: str, *roles: str) -> dict[str, str]:
    root = await sign_in(web)
    body = {"username": name, "password": "secret-2", "roles": list(roles)}
    answer = await web.post("/users:create", json=body, headers=root)
    assert answer.status_code == 200, answer.text
    return await sign_in(web, name, "secret-2")


async def test_sign_in_check_and_sign_out(web: httpx.AsyncClient) -> None:
    head = await sign_in(web, "root@example.com")
    found = (await web.get("/auth:check", headers=head)).json()["data"]
    assert found["username"] == "root"
    assert "password" not in found
    assert [role["name"] for role in found["roles"]] == ["root"]
    assert (await web.post("/auth:signOut", headers=head)).status_code == 200
    assert code(await web.get("/auth:check", headers=head)) == (401, "BLOCKED_TOKEN")


@pytest.mark.parametrize(
    "body", [{"account": "root", "password": "x"}, {"account": "who", "password": "x"}, {}]
)
async def test_wrong_credentials(web: httpx.AsyncClient, body: Any) -> None:
    assert code(await web.post("/auth:signIn", json=body)) == (401, "INVALID_CREDENTIALS")


async def test_guessing_is_throttled(web: httpx.AsyncClient) -> None:
    body = {"account": "nobody", "password": "x"}
    answers = [await web.post("/auth:signIn", json=body) for _ in range(11)]
    assert code(answers[-1]) == (429, "TOO_MANY_ATTEMPTS")
    assert int(answers[-1].headers["retry-after"]) > 0


async def test_tokens_that_are_no_good(web: httpx.AsyncClient) -> None:
    assert code(await web.get("/auth:check")) == (401, "EMPTY_TOKEN")
    good = (await sign_in(web))["authorization"]
    head, _, signature = good.rpartition(".")
    altered = f"{head}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"
    for bad in ("Bearer x", altered):
        found = await web.get("/auth:check", headers={"authorization": bad})
        assert code(found) == (401, "INVALID_TOKEN")
    found = await web.get("/auth:check", headers={"authorization": good, "x-role": "admin"})
    assert code(found) == (401, "USER_HAS_NO_ROLES_ERR")


async def test_a_write_by_cookie_needs_the_csrf_token(web: httpx.AsyncClient) -> None:
    answer = await web.post("/auth:signIn", json={"account": "root", "password": "secret-1"})
    assert "HttpOnly" in answer.headers.get_list("set-cookie")[0]
    assert (await web.get("/auth:check")).status_code == 200
    assert code(await web.post("/books:create", json={"title": "A"})) == (403, "INVALID_CSRF_TOKEN")
    proof = {"x-csrf-token": web.cookies["nb_csrf_token_main"]}
    assert (await web.post("/books:create", json={"title": "A"}, headers=proof)).status_code == 200


async def test_a_password_is_changed_by_who_knows_it(web: httpx.AsyncClient) -> None:
    other, head = await sign_in(web), await sign_in(web)
    body = {"oldPassword": "wrong", "newPassword": "secret-3"}
    assert (await web.post("/auth:changePassword", json=body, headers=head)).status_code == 400
    body["oldPassword"] = "secret-1"
    assert (await web.post("/auth:changePassword", json=body, headers=head)).status_code == 200
    assert (await web.get("/auth:check", headers=head)).status_code == 200
    assert code(await web.get("/auth:check", headers=other)) == (401, "BLOCKED_TOKEN")
    await sign_in(web, "root", "secret-3")


async def notes(house: Application, web: httpx.AsyncClient, actions: list[Any]) -> tuple[Any, Any]:
    """A collection that people made, a role with these actions on it, and the heads of root and of its holder."""
    fields = [{"name": "title", "type": "string"}, {"name": "pages", "type": "integer"}]
    await house.metadata.create_collection({"name": "notes", "fields": fields, "createdBy": True})
    root = await sign_in(web)
    await web.post("/roles:create", json={"name": "reader", "strategy": {"actions": []}}, headers=root)
    reader = await person(web, "ann", "reader")
    await web.post("/notes:create", json={"title": "A", "pages": 1}, headers=root)
    assert code(await web.get("/notes:list", headers=reader)) == (403, "NO_PERMISSION")
    setting = {"name": "notes", "usingActionsConfig": True, "actions": actions}
    made = await web.post("/roles/reader/resources:create", json=setting, headers=root)
    assert made.status_code == 200, made.text
    return root, reader


async def test_fields_of_a_role(house: Application, web: httpx.AsyncClient) -> None:
    _, reader = await notes(house, web, [{"name": "view", "fields": ["title"]}])
    found = await web.get("/notes:list", headers=reader)
    assert found.json()["data"] == [{"id": 1, "title": "A"}]
    assert (await web.get("/notes:list?sort=pages", headers=reader)).status_code == 400
    assert (await web.post("/notes:create", json={"title": "B"}, headers=reader)).status_code == 403
    assert (await web.get("/roles:check", headers=reader)).json()["data"]["role"] == "reader"


async def test_own_records_of_a_role(house: Application, web: httpx.AsyncClient) -> None:
    actions = [{"name": "view", "scope": "own"}, {"name": "create"}]
    _, reader = await notes(house, web, actions)
    assert (await web.post("/notes:create", json={"title": "B"}, headers=reader)).status_code == 200
    found = (await web.get("/notes:list", headers=reader)).json()["data"]
    assert [row["title"] for row in found] == ["B"]


async def test_records_of_a_filter(house: Application, web: httpx.AsyncClient) -> None:
    mine = {"name": "Mine", "key": "mine", "scope": {"createdById": {"$eq": "{{ $user.id }}"}}}
    await house.repository.create("rolesResourcesScopes", mine, scopes=EVERYTHING)
    _, reader = await notes(house, web, [{"name": "view", "scope": "mine"}])
    assert (await web.get("/notes:list", headers=reader)).json()["data"] == []


async def test_a_key_is_shown_once_and_ends_at_once(web: httpx.AsyncClient) -> None:
    root = await sign_in(web)
    made = await web.post("/apiKeys:create", json={"name": "robot", "role": "root"}, headers=root)
    assert made.status_code == 200, made.text
    key = {"authorization": f"Bearer {made.json()['data']['token']}"}
    assert (await web.get("/auth:check", headers=key)).status_code == 200
    assert (await web.post("/apiKeys:create", json={"name": "more"}, headers=key)).status_code == 403
    assert "token" not in (await web.get("/apiKeys:list", headers=root)).json()["data"][0]
    assert (await web.post("/apiKeys:destroy?filterByTk=1", headers=root)).json()["data"] == 1
    assert code(await web.get("/auth:check", headers=key)) == (401, "BLOCKED_TOKEN")


async def test_settings_are_seen_by_all_and_changed_by_few(web: httpx.AsyncClient) -> None:
    assert (await web.get("/systemSettings:get")).json()["data"]["title"] == "main"
    assert (await web.post("/systemSettings:update", json={"title": "x"})).status_code == 401
    root = await sign_in(web)
    assert (await web.post("/systemSettings:update", json={"title": "x"}, headers=root)).status_code == 200
    assert (await web.get("/systemSettings:get")).json()["data"]["title"] == "x"


async def test_nobody_rises_above_themselves(web: httpx.AsyncClient) -> None:
    admin, member = await person(web, "adam", "admin"), await person(web, "mia", "member")
    assert (await web.get("/users:list", headers=admin)).status_code == 200
    for answer in (
        await web.post("/users:create", json={"username": "x", "roles": ["root"]}, headers=admin),
        await web.post("/users/2/roles:set", json=["root"], headers=admin),
        await web.post("/users:update?filterByTk=1", json={"password": "mine alone 5"}, headers=admin),
        await web.post("/users:destroy?filterByTk=1", headers=admin),
        await web.post("/rolesUsers:create", json={"userId": 2, "roleName": "root"}, headers=admin),
        await web.post("/roles/root/users:add", json=[2], headers=admin),
        await web.post("/users:update?filterByTk=3", json={"nickname": "x"}, headers=member),
        await web.post("/users/3/roles:set", json=["admin"], headers=member),
        await web.post("/roles:create", json={"name": "z"}, headers=member),
    ):
        assert answer.status_code in (403, 404), (answer.request.url, answer.text)


async def test_a_token_of_another_application_is_refused(house: Application, web: httpx.AsyncClient) -> None:
    house.access.tokens._application = "other"
    foreign = await sign_in(web)
    house.access.tokens._application = "main"
    assert code(await web.get("/auth:check", headers=foreign)) == (401, "INVALID_TOKEN")
