"""Who may change what relations hold: every kind of relation by every way to write it."""

from typing import Any

import pytest

from insula.testing.people import Head, People, accepted, refusal

LINKS: dict[str, tuple[str, Any]] = {
    "author": ("writers", {"text": "new"}),
    "note": ("slips", {"text": "new"}),
    "comments": ("comments", {"text": "new"}),
    "marks": ("marks", {"text": "new"}),
}
"""Relation of ``posts`` → its target, and a new record of that."""

RELATIONS: list[dict[str, Any]] = [
    {"name": "author", "type": "belongsTo", "target": "writers", "foreignKey": "authorId"},
    {"name": "note", "type": "hasOne", "target": "slips", "foreignKey": "postId"},
    {"name": "comments", "type": "hasMany", "target": "comments", "foreignKey": "postId"},
    {"name": "marks", "type": "belongsToMany", "target": "marks"},
]


def link_attempts(relation: str, new: Any) -> list[tuple[str, Any]]:
    """Every way in which what the relation of post 1 holds can be changed; of the target 2 is not related."""
    way = f"/posts/1/{relation}"
    many = relation in ("comments", "marks")
    return [
        (f"{way}:add", [2]),
        (f"{way}:add/2", None),
        (f"{way}:set", [2]),
        (f"{way}:set", None),
        (f"{way}:remove", [1]),
        (f"{way}:toggle", [2]),
        (f"{way}:toggle", [1]),
        (f"{way}:create", new),
        (f"{way}:firstOrCreate?filterKeys=text", new),
        (f"{way}:updateOrCreate?filterKeys=text", new),
        ("/posts:update/1", {relation: [2] if many else 2}),
        ("/posts:update/1", {relation: [new] if many else new}),
        ("/posts:update/1", {relation: None}),
    ]


async def links_of(people: People, root: Head) -> Any:
    """What is related, and all that there is in the targets."""
    names = ",".join(LINKS)
    posts = accepted(await people.web.get(f"/posts:list?appends={names}&sort=id&fields=id", headers=root))
    targets = {
        target: accepted(await people.web.get(f"/{target}:list?fields=id,text&sort=id", headers=root))
        for target, _ in LINKS.values()
    }
    return posts, targets


@pytest.fixture
async def posts(people: People) -> Head:
    """Two records of each target, of which the first is related to post 1. Gives root."""
    root = await people.root()
    for name in ("posts", *(target for target, _ in LINKS.values())):
        body = {"name": name, "fields": [{"name": "text", "type": "string"}]}
        accepted(await people.web.post("/collections:create", json=body, headers=root))
    for field in RELATIONS:
        accepted(await people.web.post("/collections/posts/fields:create", json=field, headers=root))
    for target, _ in LINKS.values():
        for text in ("one", "two"):
            accepted(await people.web.post(f"/{target}:create", json={"text": text}, headers=root))
    post = {"text": "first", "author": 1, "note": 1, "comments": [1], "marks": [1]}
    accepted(await people.web.post("/posts:create", json=post, headers=root))
    return root


async def test_links_need_a_right_to_what_holds_them(people: People, posts: Head) -> None:
    """Every kind of relation by every action, by one who may write everything but the links."""
    plain = [{"name": "view"}, {"name": "destroy"}]
    plain += [{"name": name, "fields": ["text"]} for name in ("create", "update")]
    whole = [{"name": name} for name in ("view", "create", "update", "destroy")]
    await people.role("helper", writers=whole, marks=whole, posts=plain, slips=plain, comments=plain)
    helper = await people.add("helen", "helper")
    before = await links_of(people, posts)
    wrong = []
    for relation, (_, new) in LINKS.items():
        for address, body in link_attempts(relation, new):
            answer = await people.web.post(address, json=body, headers=helper)
            if refusal(answer) != (400, "UNKNOWN_FIELD"):
                wrong.append((address, body, answer.status_code, answer.text))
    # What is made is not related along the way either.
    for body in ({"text": "x", "comments": [{"text": "new"}]}, {"text": "x", "note": {"text": "new"}}):
        answer = await people.web.post("/posts:create", json=body, headers=helper)
        if refusal(answer) != (400, "UNKNOWN_FIELD"):
            wrong.append(("/posts:create", body, answer.status_code, answer.text))
    assert wrong == [], "\n".join(map(str, wrong))
    assert await links_of(people, posts) == before


async def test_new_records_of_others_need_the_key_that_links_them(people: People, posts: Head) -> None:
    """The relation may be written, but the column of the target that it is held in may not."""
    whole = [{"name": name} for name in ("view", "create", "update", "destroy")]
    plain = [{"name": "view"}, *({"name": name, "fields": ["text"]} for name in ("create", "update"))]
    await people.role("helper", posts=whole, slips=plain, comments=plain)
    helper = await people.add("helen", "helper")
    before = await links_of(people, posts)
    for relation in ("note", "comments"):
        for address, body in link_attempts(relation, LINKS[relation][1]):
            answer = await people.web.post(address, json=body, headers=helper)
            assert refusal(answer) == (400, "UNKNOWN_FIELD"), (address, body, answer.text)
    new = LINKS["comments"][1]
    answer = await people.web.post("/posts:create", json={"comments": [new]}, headers=helper)
    assert refusal(answer) == (400, "UNKNOWN_FIELD")
    assert await links_of(people, posts) == before


@pytest.mark.parametrize("relation", LINKS)
async def test_links_by_one_who_may(people: People, posts: Head, relation: str) -> None:
    whole = [{"name": name} for name in ("view", "create", "destroy")]
    held = {"author": [], "marks": [], "note": ["postId"], "comments": ["postId"]}[relation]
    target, new = LINKS[relation]
    update = {"name": "update", "fields": ["text", *held]}
    posts_update = {"name": "update", "fields": [relation]}
    await people.role("linker", **{"posts": [*whole, posts_update], target: [*whole, update]})
    linker = await people.add("lena", "linker")
    for address, body in link_attempts(relation, new):
        accepted(await people.web.post(address, json=body, headers=linker))
