"""Finding applications, doing something with many of them, and who may."""

import json
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest

from insula.fleet.command import Command, Verb
from insula.fleet.lifecycle import Observed
from insula.supervisor.control import Control
from insula.supervisor.entry import Entry
from insula.testing.supervised import Supervised

VERBS = {
    "sleep": ("asleep", "stopped"),
    "stop": ("stopped", "stopped"),
    "start": ("running", "running"),
    "restart": ("running", "running"),
    "upgrade": ("running", "running"),
}


async def found(api: Supervised, **params: Any) -> list[str]:
    answer = await api.ask("list", **params)
    assert answer.status_code == 200, answer.text
    return [row["name"] for row in answer.json()["data"]]


async def three(api: Supervised) -> None:
    await api.make("blog", displayName="Blog", labels=["web"], pinned=True)
    await api.make("shop", displayName="Shop", cname="shop.nowhere.invalid", pinned=True)
    await api.make("wiki", displayName="Wiki", options={"autoStart": True})
    await api.ask("stop", filterByTk="shop")
    await api.ask("sleep", filterByTk="wiki")


async def test_they_are_listed_filtered_sorted_and_paged_as_records_are(api: Supervised) -> None:
    await three(api)
    assert await found(api) == ["blog", "shop", "wiki"]
    assert await found(api, sort="-displayName") == ["wiki", "shop", "blog"]
    page = (await api.ask("list", sort="name", page=2, pageSize=2)).json()
    assert [row["name"] for row in page["data"]] == ["wiki"]
    assert page["meta"] == {"count": 3, "page": 2, "pageSize": 2, "totalPage": 2}
    assert "meta" not in (await api.ask("list", paginate="false")).json()
    for filter_, names in [
        ({"displayName": {"$includes": "o"}}, ["blog", "shop"]),
        ({"cname": {"$notEmpty": True}}, ["shop"]),
        ({"pinned": True}, ["blog", "shop"]),
        ({"status": "running"}, ["blog"]),
        ({"status": {"$ne": "running"}}, ["shop", "wiki"]),
        ({"status": {"$in": ["running", "stopped"]}}, ["blog", "shop", "wiki"]),
        ({"status": "error"}, []),
        ({"$or": [{"status": "running"}, {"name": "wiki"}]}, ["blog", "wiki"]),
        ({"$not": {"status": "running"}}, ["shop", "wiki"]),
        ({"wanted": "asleep"}, ["wiki"]),
        ({"$and": [{"status": "stopped"}, {"pinned": True}]}, ["shop"]),
    ]:
        assert await found(api, filter=json.dumps(filter_), sort="name") == names, filter_


async def test_they_are_sorted_by_all_that_is_shown(api: Supervised) -> None:
    await three(api)
    await api.ask("update", {"options": {"sleepAfter": 60, "inSwitcher": False}}, filterByTk="shop")
    for name, count in (("blog", 2), ("wiki", 5)):
        for _ in range(count):
            api.traffic.of(name).begin()
            api.traffic.of(name).end(500 if name == "wiki" else 200, 0.004 * count)
    for sort, names in [
        ("status", ["blog", "shop", "wiki"]),
        ("status,-name", ["blog", "wiki", "shop"]),
        ("-status", ["wiki", "shop", "blog"]),
        ("-status,displayName", ["shop", "wiki", "blog"]),
        ("pinned,-status", ["wiki", "shop", "blog"]),
        ("requests", ["shop", "blog", "wiki"]),
        ("-requests", ["wiki", "blog", "shop"]),
        ("-errors,name", ["wiki", "blog", "shop"]),
        ("latency.p95", ["shop", "blog", "wiki"]),
        ("-latency", ["wiki", "blog", "shop"]),
        ("-labels,-name", ["blog", "wiki", "shop"]),
        ("options.startMode,name", ["blog", "shop", "wiki"]),
        ("-options.startMode,name", ["wiki", "blog", "shop"]),
        ("-options.sleepAfter,name", ["shop", "blog", "wiki"]),
        ("options.inSwitcher,-name", ["shop", "wiki", "blog"]),
        ("options.database.dialect,environments,cname,-name", ["wiki", "blog", "shop"]),
        ("status,createdAt,version,-wanted", ["blog", "shop", "wiki"]),
        ("status,wanted", ["blog", "wiki", "shop"]),
        ("lastVisitAt", ["shop", "blog", "wiki"]),
        ("-lastVisitAt", ["wiki", "blog", "shop"]),
        ("cname", ["blog", "wiki", "shop"]),
        ("-version,name", ["blog", "shop", "wiki"]),
        ("createdAt", ["blog", "shop", "wiki"]),
    ]:
        assert await found(api, sort=sort) == names, sort
    page = (await api.ask("list", sort="-status", page=2, pageSize=2, fields="name,status")).json()
    assert page["data"] == [{"name": "blog", "status": "running"}]
    assert page["meta"] == {"count": 3, "page": 2, "pageSize": 2, "totalPage": 2}
    stopped = json.dumps({"status": "stopped"})
    assert await found(api, sort="-requests", filter=stopped, paginate="false") == ["wiki", "shop"]
    assert await found(api, sort="-status", page=9) == []


async def test_a_word_is_searched_in_all_that_names_them(api: Supervised) -> None:
    await three(api)
    places = ("name", "displayName", "cname", "labels")
    for word, names in (("we", ["blog"]), ("sho", ["shop"]), ("NOWHERE", ["shop"]), ("i", ["shop", "wiki"])):
        either = json.dumps({"$or": [{place: {"$includes": word}} for place in places]})
        assert await found(api, filter=either, sort="-status,name") == names, word
        assert await found(api, filter=either, sort="name") == names, word


async def test_one_is_given_as_much_of_as_is_asked_for(api: Supervised) -> None:
    await api.make("shop", displayName="Shop")

    async def get(**params: str) -> Any:
        answer = await api.ask("get", filterByTk="shop", **params)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    assert await get(fields="displayName,status") == {"displayName": "Shop", "status": "running"}
    whole = await get()
    less = await get(**{"except": "options,failure,version"})
    assert whole.keys() - less.keys() == {"options", "failure", "version"}
    assert (await get(filter='{"status": "running", "displayName": {"$startsWith": "Sh"}}'))["name"] == "shop"
    assert await get(filter='{"status": "stopped"}') is None
    for wrong in ({"fields": "colour"}, {"except": "colour"}, {"appends": "colour"}, {"sort": "colour"}):
        for action in ("get", "list"):
            answer = await api.ask(action, filterByTk="shop", **wrong)
            assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "UNKNOWN_FIELD"), wrong


async def test_fields_are_chosen_and_unknown_ones_told(api: Supervised) -> None:
    await three(api)
    answer = await api.ask("list", fields="displayName,status", filter='{"name": "shop"}')
    assert answer.json()["data"] == [{"displayName": "Shop", "status": "stopped"}]
    answer = await api.ask("list", fields="name,latency,requests")
    assert answer.json()["data"][0].keys() == {"name", "latency", "requests"}
    answer = await api.ask("list", **{"except": "options,failure"})
    assert {"options", "failure"}.isdisjoint(answer.json()["data"][0])
    for params in (
        {"fields": "name,colour"},
        {"except": "colour"},
        {"sort": "colour"},
        {"sort": "status,colour"},
        {"sort": "options.color"},
        {"sort": "options.database.password"},
        {"filter": '{"colour": 1}'},
        {"appends": "colour"},
    ):
        answer = await api.ask("list", **params)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "UNKNOWN_FIELD"), params
    for text in ('{"status": {"$gt": 1}}', '{"status": 1}', '{"status": {"$in": "running"}}', "{"):
        answer = await api.ask("list", filter=text)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "INVALID_FILTER"), text


@pytest.mark.parametrize("secret", ["stamp", "credentials", "dataKey", "fingerprint"])
async def test_what_is_secret_can_not_be_guessed_by_filters(api: Supervised, secret: str) -> None:
    await api.make("shop")
    for params in (
        {"filter": json.dumps({secret: {"$startsWith": "a"}})},
        {"sort": secret},
        {"fields": f"name,{secret}"},
    ):
        assert (await api.ask("list", **params)).json()["errors"][0]["code"] == "UNKNOWN_FIELD"


async def test_deleted_ones_are_listed_where_they_are_asked_for(api: Supervised) -> None:
    await three(api)
    assert (await api.ask("destroy", filterByTk="shop", confirm="shop")).json() == {"data": 1}
    assert await found(api) == ["blog", "wiki"]
    assert await found(api, filter='{"wanted": "deleted"}') == ["shop"]
    assert await found(api, filter='{"deletedAt": {"$notEmpty": true}}') == ["shop"]
    shop = await api.shown("shop")
    assert (shop["wanted"], shop["status"]) == ("deleted", "stopped")
    assert shop["deletedAt"]
    assert (await api.ask("restore", filterByTk="shop")).json()["data"]["wanted"] == "stopped"
    assert await found(api) == ["blog", "shop", "wiki"]
    await api.ask("destroy", filterByTk="shop", confirm="shop")
    purged = await api.ask("purge", filterByTk="shop", confirm="shop")
    assert purged.json() == {"data": {"name": "shop", "left": None}}
    assert await found(api, filter='{"wanted": "deleted"}') == []
    assert api.environment.databases.keys() == {"blog", "wiki"}


async def test_each_verb_answers_what_became_of_it(api: Supervised) -> None:
    await api.make("shop")
    for verb, (wanted, status) in VERBS.items():
        data = (await api.ask(verb, filterByTk="shop")).json()["data"]
        assert (data["wanted"], data["status"]) == (wanted, status), verb
    async with api.client() as client:  # the name in the path, as for records
        assert (await client.post("/applications:stop/shop")).json()["data"]["status"] == "stopped"


async def test_bare_verbs_of_http_do_the_same(api: Supervised) -> None:
    async with api.client() as client:
        made = await client.post("/applications", json={"name": "shop"})
        assert (await api.done(made))["status"] == "succeeded"
        assert [row["name"] for row in (await client.get("/applications")).json()["data"]] == ["shop"]
        assert (await client.get("/applications/shop")).json()["data"]["name"] == "shop"
        changed = await client.patch("/applications/shop", json={"pinned": True})
        assert changed.json()["data"][0]["pinned"] is True
        assert (await client.delete("/applications/shop")).status_code == 400
        assert (await client.delete("/applications/shop?confirm=shop")).json() == {"data": 1}


async def test_of_many_each_answers_for_itself(api: Supervised) -> None:
    await three(api)
    answer = await api.ask("start", {"filterByTk": ["wiki", "nobody", "shop"]})
    assert answer.status_code == 207
    wiki, nobody, shop = answer.json()["data"]
    assert (wiki["name"], wiki["status"], shop["status"]) == ("wiki", "running", "running")
    assert nobody == {
        "name": "nobody",
        "errors": [{"message": "There is no application nobody here.", "code": "APP_NOT_FOUND"}],
    }
    answer = await api.ask("update", {"pinned": True}, filterByTk='["wiki", "blog"]')
    assert [row["pinned"] for row in answer.json()["data"]] == [True, True]
    names = ["blog", "wiki", "shop"]
    answer = await api.ask("destroy", {"filterByTk": names, "confirm": names[:2]})
    assert answer.status_code == 207
    assert [row.get("wanted") for row in answer.json()["data"]] == ["deleted", "deleted", None]
    assert answer.json()["data"][2]["errors"][0]["code"] == "CONFIRMATION_REQUIRED"
    answer = await api.ask("purge", filterByTk='["blog", "wiki"]', confirm="blog,wiki")
    assert answer.status_code == 200
    assert [row["name"] for row in answer.json()["data"]] == ["blog", "wiki"]


async def test_after_a_defect_in_one_of_many_the_others_are_told_of_and_the_log_has_more(
    api: Supervised, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await three(api)
    bring_up = Control.bring_up

    async def defective(control: Control, entry: Entry) -> Entry:
        if entry.name == "wiki":
            raise KeyError("an inside")
        return await bring_up(control, entry)

    monkeypatch.setattr(Control, "bring_up", defective)
    await api.ask("stop", {"filterByTk": ["wiki", "shop"]})
    answer = await api.ask("start", {"filterByTk": ["wiki", "shop"]})
    assert answer.status_code == 207
    wiki, shop = answer.json()["data"]
    request = answer.headers["x-request-id"]
    said = {"message": f"Something went wrong here; the log has {request}.", "code": "INTERNAL_ERROR"}
    assert wiki == {"name": "wiki", "errors": [said]}
    assert shop["status"] == "running"
    assert f"the request {request} failed" in caplog.text


async def test_a_failure_of_an_environment_is_told(api: Supervised) -> None:
    await api.make("shop")
    await api.ask("stop", filterByTk="shop")
    api.environment.failures[Verb.START] = "MIGRATION_FAILED"
    answer = await api.ask("start", filterByTk="shop")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "COMMAND_FAILED")
    shop = await api.shown("shop")
    assert (shop["status"], shop["failure"]["step"]) == ("error", "start")
    assert "told to fail" in shop["failure"]["message"]


async def test_plugins_that_failed_are_told_with_what_runs(api: Supervised) -> None:
    await api.make("shop")
    assert (await api.shown("shop"))["degraded"] == {}
    environment = api.environment
    environment.report("shop", Observed.COMMANDING, command=Command(Verb.START, "shop", "r1"))
    environment.report("shop", Observed.RUNNING, failed=("boxes", "shelf"))
    shop = await api.shown("shop")
    assert (shop["status"], shop["failure"]) == ("running", None)
    assert shop["degraded"] == {environment.name: ["boxes", "shelf"]}
    assert (
        await api.ask("update", shop, filterByTk="shop")
    ).status_code == 200  # as clients send records back


async def test_an_update_changes_what_was_said_and_nothing_else(api: Supervised) -> None:
    await api.make("shop", labels=["a"], options={"startMode": "withMain", "sleepAfter": 60})
    values = {"displayName": "Store", "cname": "Store.Example.com.", "options": {"autoUpgrade": False}}
    (shop,) = (await api.ask("update", {"values": values}, filterByTk="shop")).json()["data"]
    assert (shop["displayName"], shop["cname"], shop["labels"]) == ("Store", "store.example.com", ["a"])
    options = shop["options"]
    assert (options["startMode"], options["autoUpgrade"], options["sleepAfter"]) == ("withMain", False, 60)
    assert shop["url"] == "http://store.example.com:13000/admin/"
    whole = await api.shown("shop")
    answer = await api.ask("update", whole, filterByTk="shop")  # as clients send records back
    assert answer.status_code == 200, answer.text
    assert (await api.shown("shop"))["options"] == options
    (shop,) = (await api.ask("update", {"cname": None}, filterByTk="shop")).json()["data"]
    assert shop["cname"] is None


async def test_figures_are_those_of_its_traffic(api: Supervised) -> None:
    await api.make("shop")
    counts = api.traffic.of("shop")
    for status, seconds in ((200, 0.004), (200, 0.02), (500, 0.2), (200, 20.0)):
        counts.begin()
        counts.end(status, seconds)
    shop = await api.shown("shop")
    assert (shop["requests"], shop["errors"]) == (4, 1)
    assert shop["latency"] == {"mean": 5056.0, "p50": 25.0, "p95": None}
    visited = datetime.fromisoformat(shop["lastVisitAt"])
    assert (datetime.now(UTC) - visited).total_seconds() < 60


async def test_its_traffic_is_told_minute_by_minute(api: Supervised) -> None:
    await api.make("shop")
    assert (await api.ask("traffic", filterByTk="shop")).json() == {"data": []}
    counts = api.traffic.of("shop")
    for status, seconds in ((200, 0.004), (502, 0.2), (200, 20.0)):
        counts.begin()
        counts.end(status, seconds)
    rows = (await api.ask("traffic/shop")).json()["data"]
    assert len(rows) == 60
    answered = [row for row in rows if row["requests"]]
    assert answered in (rows[-1:], rows[-2:-1])  # a minute may have passed meanwhile
    (row,) = answered
    assert (row["requests"], row["errors"], row["p50Ms"], row["p95Ms"]) == (3, 1, 250.0, None)
    begun = [datetime.fromisoformat(row["at"]) for row in rows]
    assert {(later - before).total_seconds() for before, later in pairwise(begun)} == {60.0}
    assert (begun[-1].second, begun[-1].microsecond) == (0, 0)
    assert 0 <= (datetime.now(UTC) - begun[-1]).total_seconds() < 120
    assert (await api.ask("traffic/nobody")).status_code == 404
    async with await member(api) as client:
        assert (await client.get("/applications:traffic/shop")).status_code == 403


async def test_its_history_tells_who_wanted_what_and_what_was_seen(api: Supervised) -> None:
    await api.make("shop")
    await api.make("wiki")
    async with await api.signed_in() as client:
        assert (await client.post("/applications:stop/shop")).status_code == 200
        answer = (await client.get("/applications:history/shop")).json()
    assert {row["application"] for row in answer["data"]} == {"shop"}
    assert answer["meta"]["count"] == len(answer["data"])
    assert [row["id"] for row in answer["data"]] == sorted(
        (row["id"] for row in answer["data"]), reverse=True
    )
    stopped = next(row for row in answer["data"] if row["wanted"] == "stopped")
    assert (stopped["actor"], stopped["reason"]) == ("ada@example.com", "stopped")
    assert stopped["requestId"]
    only = await api.ask("history", {"filterByTk": "shop", "filter": {"wanted": "stopped"}})
    assert [row["id"] for row in only.json()["data"]] == [stopped["id"]]
    assert (await api.ask("history", filterByTk="nobody")).status_code == 404


@pytest.mark.parametrize("action", ["history", "traffic", "plugins"])
async def test_what_is_told_of_one_is_not_asked_of_several(api: Supervised, action: str) -> None:
    await api.make("shop")
    await api.make("blog")
    refused = await api.ask(action, filterByTk='["shop", "blog"]')
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["message"].endswith("must name one application.")
    assert (await api.ask(action, filterByTk='["shop"]')).status_code == (
        await api.ask(action, filterByTk="shop")
    ).status_code


async def test_environments_are_listed(api: Supervised) -> None:
    async with api.client() as client:
        answer = (await client.get("/environments:list")).json()
        assert [row["name"] for row in answer["data"]] == ["local"]
        assert answer["data"][0]["available"] is True
        assert answer["data"][0]["dialect"] == api.main.database.dialect.name
        assert answer["meta"]["count"] == 1
        local = (await client.get("/environments:get/local")).json()["data"]
        assert local == answer["data"][0]
        assert (await client.get("/environments:get/elsewhere")).json() == {"data": None}
        assert (await client.get("/environments:get")).status_code == 400


async def member(api: Supervised) -> Any:
    async with api.client() as client:
        user = {"username": "eve", "password": "correct horse battery 2", "roles": ["member"]}
        answer = await client.post("/users:create", json=user)
        assert answer.status_code == 200, answer.text
    return await api.signed_in("eve", "correct horse battery 2")


async def let_in(api: Supervised, role: str, *names: str) -> None:
    async with api.client() as client:
        answer = await client.post(f"/roles/{role}/applications:add", json=list(names))
        assert answer.status_code == 200, answer.text


async def test_who_may_not_look_after_applications_sees_pinned_ones_that_they_may_enter(
    api: Supervised,
) -> None:
    await three(api)
    async with await member(api) as client:
        for action in ("list", "get/shop", "check", "create", "update/shop", "destroy/shop", "purge/shop"):
            answer = await client.post(f"/applications:{action}", json={"name": "x", "confirm": "shop"})
            assert answer.status_code == 403, action
        for action in VERBS:
            assert (await client.post(f"/applications:{action}/shop")).status_code == 403
        assert (await client.get("/environments:list")).status_code == 403
        # nobody has let them in anywhere
        assert (await client.get("/applications:listPinned")).json()["data"] == []
        await let_in(api, "member", "blog", "shop", "wiki")
        # stopped ones can not be visited, and wiki is not pinned
        assert (await client.get("/applications:listPinned")).json()["data"] == [
            {
                "name": "blog",
                "displayName": "Blog",
                "icon": None,
                "url": "http://apps.example.com:13000/apps/blog/admin/",
            }
        ]
        for collection in ("applicationEvents", "applications"):
            assert (await client.post(f"/{collection}:firstOrCreate", json={})).status_code in (403, 404)
    async with api.client(local=False) as nobody:
        for action in ("list", "listPinned", "start/shop"):
            assert (await nobody.post(f"/applications:{action}")).status_code == 401


async def test_a_role_with_the_right_may_look_after_applications(api: Supervised) -> None:
    async with api.client() as client:
        role = {"name": "keeper", "snippets": ["pm.app-supervisor"]}
        assert (await client.post("/roles:create", json=role)).status_code == 200
        user = {"username": "kim", "password": "correct horse battery 3", "roles": ["keeper"]}
        assert (await client.post("/users:create", json=user)).status_code == 200
    async with await api.signed_in("kim", "correct horse battery 3") as client:
        answer = await client.post("/applications:create", json={"name": "shop"})
        assert (await api.done(answer))["status"] == "succeeded"
        assert (await client.post("/applications:stop/shop")).status_code == 200
    events = await api.main.repository.find("applicationEvents", scopes=api.everything)
    assert {row["actor"] for row in events.rows} >= {"kim"}


async def test_who_has_lost_the_right_does_nothing_with_their_jobs_either(api: Supervised) -> None:
    async with api.client() as client:
        await client.post("/roles:create", json={"name": "keeper", "snippets": ["pm.app-supervisor"]})
        user = {"username": "kim", "password": "correct horse battery 3", "roles": ["keeper"]}
        assert (await client.post("/users:create", json=user)).status_code == 200
    api.environment.failures[Verb.PREPARE] = "BROKEN"
    async with await api.signed_in("kim", "correct horse battery 3") as kim:
        job = (await api.done(await kim.post("/applications:create", json={"name": "shop"})))["id"]
        async with api.client() as client:
            taken = await client.post("/roles:update/keeper", json={"snippets": ["pm.collections"]})
            assert taken.status_code == 200, taken.text
        assert (await kim.get(f"/jobs:get/{job}")).json()["data"]["status"] == "failed"
        for action in ("retry", "cancel", "undo"):
            assert (await kim.post(f"/jobs:{action}/{job}")).status_code == 403, action
    async with api.client() as client:
        assert (await client.post(f"/jobs:undo/{job}")).status_code == 200
    assert (await api.ended(job))["status"] == "undone"


async def test_what_a_making_found_is_told_to_those_who_look_after_applications(api: Supervised) -> None:
    async with api.client() as client:
        job = (await api.done(await client.post("/applications:create", json={"name": "shop"})))["id"]
        for name, snippets in {"clerk": ["pm.jobs"], "keeper": ["pm.jobs", "pm.app-supervisor"]}.items():
            await client.post("/roles:create", json={"name": name, "snippets": snippets})
            user = {"username": name, "password": "correct horse battery 3", "roles": [name]}
            assert (await client.post("/users:create", json=user)).status_code == 200
    for name, code, seen in (("clerk", 404, []), ("keeper", 200, [job])):
        async with await api.signed_in(name, "correct horse battery 3") as person:
            assert (await person.get(f"/jobs:get/{job}")).status_code == code, name
            assert [row["id"] for row in (await person.get("/jobs:list")).json()["data"]] == seen, name
            assert (await person.post(f"/jobs:retry/{job}")).status_code == (code if code == 404 else 409)


async def test_the_openapi_document_speaks_of_them(api: Supervised) -> None:
    async with api.client() as client:
        document = (await client.get("/swagger:get")).json()
    paths = document["paths"]
    made = paths["/applications:create"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert {"name", "displayName", "cname", "options"} <= made["properties"].keys()
    assert "confirm" in str(paths["/applications:destroy"]["post"]["parameters"])
    assert "get" in paths["/environments:list"]
    await api.make("shop")
    known = paths["/applications:get"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert known["properties"]["data"]["anyOf"][0] == {"$ref": "#/components/schemas/insula.Application"}
    described = document["components"]["schemas"]["insula.Application"]["properties"]
    assert described.keys() == (await api.shown("shop")).keys()
