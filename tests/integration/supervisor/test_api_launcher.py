"""What the launcher and the switcher show to whom, and who lets whom in."""

from typing import Any

import httpx
import pytest

from insula.data.query import Query
from insula.testing.supervised import Supervised

PASSWORD = "correct horse battery 2"


async def role(api: Supervised, name: str, *snippets: str) -> None:
    async with api.client() as client:
        answer = await client.post("/roles:create", json={"name": name, "snippets": list(snippets)})
        assert answer.status_code == 200, answer.text


async def person(api: Supervised, name: str, *roles: str) -> httpx.AsyncClient:
    async with api.client() as client:
        user = {"username": name, "password": PASSWORD, "roles": list(roles)}
        answer = await client.post("/users:create", json=user)
        assert answer.status_code == 200, answer.text
    return await api.signed_in(name, PASSWORD)


async def let(api: Supervised, name: str, verb: str, *applications: str) -> Any:
    async with api.client() as client:
        answer = await client.post(f"/roles/{name}/applications:{verb}", json=list(applications))
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]


async def mine(client: httpx.AsyncClient, **params: Any) -> list[str]:
    answer = await client.get("/applications:listMine", params=params)
    assert answer.status_code == 200, answer.text
    return [row["name"] for row in answer.json()["data"]]


async def three(api: Supervised) -> None:
    await api.make("blog", displayName="Zebra blog", labels=["web", "Press"], pinned=True)
    await api.make("shop", displayName="shop", cname="shop.nowhere.invalid", icon="cart")
    await api.make("wiki", displayName="Archive", options={"inLauncher": False, "inSwitcher": True})
    await api.ask("stop", filterByTk="shop")


async def test_nobody_enters_what_no_role_of_theirs_may_enter(api: Supervised) -> None:
    await three(api)
    await role(api, "seller")
    async with await person(api, "eve", "member", "seller") as eve:
        assert await mine(eve) == []
        assert await let(api, "seller", "set", "shop") == ["shop"]
        assert await mine(eve) == ["shop"]
        assert await let(api, "member", "add", "wiki", "blog") == ["blog", "wiki"]
        assert await mine(eve) == ["blog", "wiki", "shop"]  # pinned first, then by the name that people see
        assert await let(api, "member", "remove", "blog") == ["wiki"]
        assert await mine(eve) == ["wiki", "shop"]
        assert await let(api, "member", "set") == []
        assert await let(api, "seller", "set", "*", "shop") == ["*"]
        assert await mine(eve) == ["blog", "wiki", "shop"]
        async with api.client() as client:
            assert (await client.post("/users/2/roles:set", json=["member"])).status_code == 200
        assert await mine(eve) == []
    async with api.client(local=False) as nobody:
        assert (await nobody.get("/applications:listMine")).status_code == 401


async def test_who_looks_after_applications_enters_all_of_them(api: Supervised) -> None:
    await three(api)
    await role(api, "keeper", "pm.app-supervisor")
    every = ["blog", "wiki", "shop"]
    async with await api.signed_in() as root, await person(api, "kim", "keeper") as kim:
        assert await mine(root) == every
        assert await mine(kim) == every
        listed = (await kim.get("/applications:listRoles")).json()["data"]
    rows = {row["role"]: (row["applications"], row["fixed"]) for row in listed}
    assert rows == {
        "admin": (["*"], True),
        "anonymous": ([], False),
        "keeper": (["*"], True),
        "member": ([], False),
        "root": (["*"], True),
    }
    async with api.client() as local:
        assert await mine(local) == every
        assert (await local.get("/roles/admin/applications:list")).json() == {"data": ["*"]}


async def test_a_card_says_where_it_leads_and_where_it_is_shown(api: Supervised) -> None:
    await three(api)
    async with api.client() as client:
        blog, wiki, shop = (await client.get("/applications:listMine")).json()["data"]
    assert blog == {
        "name": "blog",
        "displayName": "Zebra blog",
        "icon": None,
        "status": "running",
        "wanted": "running",
        "pinned": True,
        "labels": ["web", "Press"],
        "url": "/apps/blog/admin/",
        "inLauncher": True,
        "inSwitcher": True,
        "environments": [],
    }
    assert (wiki["inLauncher"], wiki["inSwitcher"]) == (False, True)
    assert (shop["url"], shop["status"], shop["icon"]) == (
        "//shop.nowhere.invalid:13000/admin/",
        "stopped",
        "cart",
    )
    changed = await api.ask(
        "update", {"options": {"inLauncher": True, "inSwitcher": False}}, filterByTk="wiki"
    )
    options = changed.json()["data"][0]["options"]
    assert (options["inLauncher"], options["inSwitcher"], options["shareSession"]) == (True, False, False)
    refused = await api.ask("update", {"options": {"inSwitcher": "no"}}, filterByTk="wiki")
    assert refused.status_code == 400
    assert "options.inSwitcher" in refused.json()["errors"][0]["message"]


async def test_they_are_searched_and_paged(api: Supervised) -> None:
    await three(api)
    async with api.client() as client:
        for word, names in (
            ("SHOP", ["shop"]),
            ("press", ["blog"]),
            ("wik", ["wiki"]),
            ("ar", ["wiki"]),
            ("x", []),
        ):
            assert await mine(client, search=word) == names, word
        assert await mine(client, shownIn="launcher") == ["blog", "shop"]
        assert await mine(client, shownIn="switcher") == ["blog", "wiki", "shop"]
        page = (await client.get("/applications:listMine?page=2&pageSize=2")).json()
        assert [row["name"] for row in page["data"]] == ["shop"]
        assert page["meta"] == {"count": 3, "page": 2, "pageSize": 2, "totalPage": 2}
        whole = (await client.get("/applications:listMine")).json()
        assert whole["meta"] == {"count": 3, "page": 1, "pageSize": 1000, "totalPage": 1}
        for wrong in ("page=0", "page=x", "pageSize=0", "pageSize=100000", "search[]=a", "shownIn=menu"):
            answer = await client.get(f"/applications:listMine?{wrong}")
            assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "INVALID_PARAMETER"), (
                wrong
            )


async def test_deleted_ones_are_left_out_and_another_of_the_name_is_not_entered(api: Supervised) -> None:
    await three(api)
    await let(api, "member", "set", "shop", "wiki")
    async with await person(api, "eve", "member") as eve:
        await api.ask("destroy", filterByTk="shop", confirm="shop")
        assert await mine(eve) == ["wiki"]
        await api.ask("restore", filterByTk="shop")
        assert await mine(eve) == ["wiki", "shop"]
        await api.ask("destroy", filterByTk="shop", confirm="shop")
        await api.ask("purge", filterByTk="shop", confirm="shop")
        await api.make("shop")
        assert await mine(eve) == ["wiki"]
    async with api.client() as client:
        assert (await client.get("/roles/member/applications:list")).json() == {"data": ["wiki"]}


async def test_with_a_role_goes_what_it_may_enter(api: Supervised) -> None:
    await three(api)
    await role(api, "seller")
    await let(api, "seller", "set", "shop")
    async with api.client() as client:
        assert (await client.post("/roles:destroy/seller")).status_code == 200
    rows = await api.main.repository.find("applicationsRoles", Query(), scopes=api.everything)
    assert rows.rows == []


@pytest.mark.parametrize(
    ("address", "body", "status", "code"),
    [
        ("nobody/applications:set", ["shop"], 404, "NOT_FOUND"),
        ("nobody/applications:list", None, 404, "NOT_FOUND"),
        ("member/applications:set", ["elsewhere"], 400, "VALIDATION_ERROR"),
        ("member/applications:set", ["shop", 7], 400, "VALIDATION_ERROR"),
        ("member/applications:set", None, 400, "VALIDATION_ERROR"),
        ("member/applications:set", {"names": ["shop"]}, 400, "VALIDATION_ERROR"),
    ],
)
async def test_what_is_wrong_is_told(
    api: Supervised, address: str, body: Any, status: int, code: str
) -> None:
    async with api.client() as client:
        answer = await client.post(f"/roles/{address}", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (status, code)


async def test_who_may_not_look_after_applications_lets_nobody_in(api: Supervised) -> None:
    await three(api)
    async with await person(api, "eve", "member") as eve:
        for verb in ("list", "set", "add", "remove"):
            answer = await eve.post(f"/roles/member/applications:{verb}", json=["*"])
            assert answer.status_code == 403, verb
        assert (await eve.get("/applications:listRoles")).status_code == 403
        for action in ("list", "create", "firstOrCreate", "destroy"):
            assert (await eve.post(f"/applicationsRoles:{action}", json={})).status_code == 404
        assert await mine(eve) == []
