"""The menu: arranged by administrators, seen by each role as far as it may."""

from typing import Any

import httpx
import pytest

from insula.testing.people import Head, People, accepted, refusal


class Menu:
    """Of an application with the collections ``orders`` and ``notes``."""

    def __init__(self, people: People, root: Head) -> None:
        self.people = people
        self.root = root

    async def ask(self, action: str, body: Any = None, head: Head | None = None) -> httpx.Response:
        return await self.people.web.post(
            f"/{action}", json=body, headers=self.root if head is None else head
        )

    async def add(self, title: str, kind: str = "group", **values: Any) -> int:
        body = {"kind": kind, "title": title, **values}
        return int(accepted(await self.ask("menuItems:create", body))["id"])

    async def link(self, title: str, **values: Any) -> int:
        return await self.add(title, "link", url=f"/{title}", **values)

    async def mine(self, head: Head | None = None) -> Any:
        return accepted(await self.ask("menu:mine", head=head))

    async def titles(self, head: Head | None = None) -> list[Any]:
        """The tree as titles: a group is a pair of its title and what is in it."""
        return outline(await self.mine(head))

    async def move(self, source: int, **how: Any) -> list[Any]:
        accepted(await self.ask("menuItems:move", {"sourceId": source, **how}))
        return await self.titles()

    async def refused(self, action: str, body: Any) -> tuple[int, str, str]:
        answer = await self.ask(f"menuItems:{action}", body)
        return *refusal(answer), answer.json()["errors"][0]["message"]


def outline(items: list[dict[str, Any]]) -> list[Any]:
    return [(i["title"], outline(i["children"])) if i["kind"] == "group" else i["title"] for i in items]


@pytest.fixture
async def menu(people: People) -> Menu:
    root = await people.root()
    for name in ("orders", "notes"):
        body = {"name": name, "title": name.title(), "fields": [{"name": "text", "type": "string"}]}
        accepted(await people.web.post("/collections:create", json=body, headers=root))
    return Menu(people, root)


async def test_an_item_is_answered_as_it_was_said(menu: Menu) -> None:
    assert await menu.mine() == []
    group = await menu.add("Sales", icon="cart")
    await menu.add("", "collection", collection="orders", parentId=group)
    await menu.add("Handbook", "link", url="https://example.com/a?b=c#d", parentId=group, roles=None)
    assert await menu.mine() == [
        {
            "id": group,
            "kind": "group",
            "title": "Sales",
            "icon": "cart",
            "children": [
                {"id": 2, "kind": "collection", "title": "Orders", "icon": None, "collection": "orders"},
                {
                    "id": 3,
                    "kind": "link",
                    "title": "Handbook",
                    "icon": None,
                    "url": "https://example.com/a?b=c#d",
                },
            ],
        }
    ]
    rows = accepted(await menu.ask("menuItems:list?sort=parentId,sort"))
    assert {row["title"] for row in rows} == {"Sales", None, "Handbook"}
    whole = accepted(await menu.ask("menuItems:get/3"))
    (changed,) = accepted(await menu.ask("menuItems:update/3", {**whole, "title": "Manual"}))
    assert (changed["title"], changed["url"], changed["parentId"]) == ("Manual", whole["url"], group)
    assert accepted(await menu.ask("menuItems:destroy/1")) == 1  # with what is in it
    assert accepted(await menu.ask("menuItems:list")) == []


async def test_each_role_sees_what_is_for_it_and_what_it_may_list(menu: Menu) -> None:
    people = menu.people
    await people.role("clerk", [], orders=[{"name": "view"}])
    clerk, member = await people.add("clerk", "clerk"), await people.add("eve", "member")
    open_ = await menu.add("Open")
    await menu.add("Orders", "collection", collection="orders", parentId=open_)
    await menu.add("Notes", "collection", collection="notes", parentId=open_)
    await menu.add("People", "collection", collection="users", parentId=open_)
    closed = await menu.add("Closed", roles=["member"])
    await menu.link("inside", parentId=closed)
    await menu.add("Empty")
    await menu.link("clerks", roles=["clerk"])
    await menu.link("nobody", roles=[])
    everything = ["Orders", "Notes", "People"]
    assert await menu.titles() == [("Open", everything), ("Closed", ["inside"]), "clerks", "nobody"]
    assert await menu.titles(clerk) == [("Open", ["Orders"]), "clerks"]
    assert await menu.titles(member) == [("Open", ["Orders", "Notes"]), ("Closed", ["inside"])]
    assert refusal(await menu.ask("menu:mine", head={})) == (401, "EMPTY_TOKEN")
    for action in ("list", "get/1", "create", "update/1", "destroy/1", "move"):
        assert refusal(await menu.ask(f"menuItems:{action}", {}, member)) == (403, "NO_PERMISSION"), action
    accepted(await menu.ask("collections:destroy/orders"))
    assert await menu.titles(clerk) == ["clerks"]


async def test_the_role_in_force_decides(menu: Menu) -> None:
    head = await menu.people.add("both", "member", "admin")
    await menu.link("admins", roles=["admin"])
    assert await menu.titles(head) == []
    assert await menu.titles({**head, "x-role": "admin"}) == ["admins"]


async def test_items_are_moved_within_and_between_groups(menu: Menu) -> None:
    one, two = await menu.add("One"), await menu.add("Two")
    a, b, c = [await menu.link(name, parentId=one) for name in "abc"]
    d = await menu.link("d", parentId=two)
    assert await menu.move(c, targetId=a) == [("One", ["c", "a", "b"]), ("Two", ["d"])]
    assert await menu.move(c, targetId=b) == [("One", ["a", "b", "c"]), ("Two", ["d"])]
    assert await menu.move(b, targetId=d) == [("One", ["a", "c"]), ("Two", ["b", "d"])]
    assert await menu.move(a, targetId=b, method="insertAfter") == [("One", ["c"]), ("Two", ["b", "a", "d"])]
    assert await menu.move(c, parentId=two) == [("Two", ["b", "a", "d", "c"])]
    assert await menu.move(d, parentId=one) == [("One", ["d"]), ("Two", ["b", "a", "c"])]
    assert await menu.move(c, parentId=one, method="prepend") == [("One", ["c", "d"]), ("Two", ["b", "a"])]
    assert await menu.move(a, parentId=None) == [("One", ["c", "d"]), ("Two", ["b"]), "a"]
    assert await menu.move(a, method="prepend") == ["a", ("One", ["c", "d"]), ("Two", ["b"])]
    assert await menu.move(two, targetId=one) == ["a", ("Two", ["b"]), ("One", ["c", "d"])]
    assert await menu.move(two, parentId=one) == ["a", ("One", ["c", "d", ("Two", ["b"])])]
    accepted(await menu.ask(f"menuItems:update/{b}", {"parentId": None}))
    assert await menu.titles() == ["a", ("One", ["c", "d"]), "b"]


async def test_what_makes_no_menu_is_refused(menu: Menu) -> None:
    group = await menu.add("Group")
    link = await menu.link("link", parentId=group)
    for body, told in [
        ({"title": "x"}, "kind must be one of group, collection, link"),
        ({"kind": "page", "title": "x"}, "kind must be one of"),
        ({"kind": "group"}, "title must say"),
        ({"kind": "group", "title": "x" * 256}, "title must be text in one line"),
        ({"kind": "group", "title": "a\nb"}, "title must be text in one line"),
        ({"kind": "group", "title": 7}, "title must be text"),
        ({"kind": "link", "title": "x"}, "url must be an address"),
        *(
            ({"kind": "link", "title": "x", "url": url}, "url must be an address")
            for url in (
                "javascript:alert(1)",
                "//evil.example",
                "/\\evil.example",
                "https://",
                "data:text/html,x",
                "x",
            )
        ),
        ({"kind": "collection"}, "collection must name"),
        ({"kind": "collection", "collection": "sessions"}, "collection must name"),
        ({"kind": "group", "title": "x", "parentId": link}, "parentId must be the number of a group"),
        ({"kind": "group", "title": "x", "parentId": 99}, "parentId must be the number of a group"),
        ({"kind": "group", "title": "x", "parentId": "x"}, "parentId must be the number of a group"),
        ({"kind": "group", "title": "x", "roles": "member"}, "roles must be a list"),
        ({"kind": "group", "title": "x", "roles": ["nobody"]}, "roles names one that is not there (nobody)"),
        ({"kind": "group", "title": "x", "colour": "red"}, "colour is not one of"),
    ]:
        status, code, message = await menu.refused("create", body)
        assert (status, code) == (400, "VALIDATION_ERROR"), body
        assert told in message, body
    assert len(accepted(await menu.ask("menuItems:list"))) == 2


async def test_no_group_is_in_itself_and_none_too_deep(menu: Menu) -> None:
    outer = await menu.add("1")
    inner = await menu.add("2", parentId=outer)
    last = inner
    for title in "345":
        last = await menu.add(title, parentId=last)
    for action, body in [
        (f"update/{outer}", {"parentId": outer}),
        (f"update/{outer}", {"parentId": last}),
        ("move", {"sourceId": outer, "parentId": inner}),
        ("move", {"sourceId": outer, "targetId": last}),
    ]:
        assert (await menu.refused(action, body))[2].startswith("parentId must not be the item itself"), body
    deep = await menu.link("deep", parentId=last)
    another = await menu.add("6", parentId=None)
    await menu.link("leaf", parentId=another)
    for body in ({"sourceId": another, "parentId": last}, {"sourceId": another, "targetId": deep}):
        assert "more than 5 groups" in (await menu.refused("move", body))[2]
    assert (await menu.refused(f"update/{outer}", {"kind": "link", "url": "/x"}))[2].startswith(
        "kind must stay group"
    )
    for action, body, status in [
        ("update/99", {"title": "x"}, 404),
        ("update", {"title": "x"}, 400),
        ("update/x", {"title": "x"}, 400),
        ("move", {"sourceId": 99}, 404),
        ("move", {"sourceId": outer, "targetId": 99}, 404),
        ("move", {"sourceId": "x"}, 400),
        ("move", {"sourceId": outer, "method": "beside"}, 400),
        ("destroy", None, 400),
    ]:
        assert (await menu.refused(action, body))[0] == status, (action, body)


async def test_a_role_that_is_gone_stays_named_until_it_is_taken_out(menu: Menu) -> None:
    await menu.people.role("clerk")
    item = await menu.link("x", roles=["clerk", "member"])
    accepted(await menu.ask("roles:destroy/clerk"))
    accepted(await menu.ask(f"menuItems:update/{item}", {"title": "y", "roles": ["clerk", "member"]}))
    accepted(await menu.ask(f"menuItems:update/{item}", {"roles": ["member"]}))
    assert (await menu.refused(f"update/{item}", {"roles": ["clerk"]}))[0] == 400
