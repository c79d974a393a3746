"""What people may get wrong, each told with status, code and what would be right; nothing is made of it."""

from typing import Any

import pytest

from insula.fleet.command import Verb
from insula.testing.databases import TWO_DIALECTS
from insula.testing.supervised import Supervised

pytestmark = pytest.mark.parametrize("database_options", TWO_DIALECTS, indirect=True)

POSTGRESQL = {"dialect": "postgres", "host": "db.example.com", "username": "u"}

NAMES = [
    ("", "at least one character"),
    ("main", "reserved"),
    ("local", "reserved"),
    ("new", "reserved"),
    ("api", "reserved"),
    ("__app", "begin"),
    ("a" * 64, "63 characters"),
    ("o'brien", "small letter"),
    ('a"b', "small letter"),
    ("a/b", "small letter"),
    ("../a", "small letter"),
    ("münchen", "small letter"),
    ("Shop", "small letter"),
    ("MAIN", "reserved"),
    ("1shop", "small letter"),
    ("a b", "small letter"),
    ("a;drop table users", "small letter"),
    ("a\u0000b", "small letter"),
    (7, "must be text"),
    (["shop"], "must be text"),
]

BODIES: list[tuple[dict[str, Any], str]] = [
    ({"displayName": ""}, "displayName"),
    ({"displayName": "  "}, "displayName"),
    ({"displayName": "x" * 256}, "displayName"),
    ({"displayName": 7}, "displayName"),
    ({"displayName": "a\nb"}, "displayName"),
    ({"cname": "https://shop.example.com"}, "domain"),
    ({"cname": "shop.example.com:8080"}, "domain"),
    ({"cname": "shop_.example.com"}, "domain"),
    ({"cname": "-shop.example.com"}, "domain"),
    ({"cname": "a" * 64 + ".example.com"}, "domain"),
    ({"cname": "a." * 127 + "com"}, "domain"),
    ({"cname": "localhost"}, "domain"),
    ({"cname": "192.0.2.7"}, "domain"),
    ({"cname": "apps.example.com"}, "main application"),
    ({"cname": "APPS.example.com."}, "main application"),
    ({"cname": 7}, "domain"),
    ({"icon": "x" * 256}, "icon"),
    ({"icon": ["x"]}, "icon"),
    ({"pinned": "yes"}, "pinned"),
    ({"pinned": None}, "pinned"),
    ({"labels": "sales"}, "labels"),
    ({"labels": ["x" * 256]}, "labels"),
    ({"labels": [""]}, "labels"),
    ({"labels": [7]}, "labels"),
    ({"labels": [str(number) for number in range(51)]}, "labels"),
    ({"environments": ["elsewhere"]}, "environments"),
    ({"environments": "local"}, "environments"),
    ({"environments": ["local", "elsewhere"]}, "environments"),
    ({"options": []}, "options"),
    ({"options": {"startMode": "sometimes"}}, "options.startMode"),
    ({"options": {"startMode": True}}, "options.startMode"),
    ({"options": {"autoStart": "true"}}, "options.autoStart"),
    ({"options": {"startMode": "onFirstVisit", "autoStart": True}}, "autoStart"),
    ({"options": {"autoUpgrade": 1}}, "options.autoUpgrade"),
    ({"options": {"shareSession": "no"}}, "options.shareSession"),
    ({"options": {"timezone": "Mars/Olympus"}}, "options.timezone"),
    ({"options": {"lang": "English, please"}}, "options.lang"),
    ({"options": {"sleepAfter": 0}}, "options.sleepAfter"),
    ({"options": {"sleepAfter": True}}, "options.sleepAfter"),
    ({"options": {"color": "red"}}, "options.color"),
    ({"options": {"dbConnType": "new_universe"}}, "options.dbConnType"),
    ({"options": {"dbConnType": ["new_schema"]}}, "options.dbConnType"),
    ({"options": {"database": "db"}}, "options.database"),
    ({"options": {"database": {"dialect": "oracle"}}}, "options.database.dialect"),
    ({"options": {"database": {"hostname": "db"}}}, "options.database.hostname"),
    ({"options": {"database": {**POSTGRESQL, "port": 0}}}, "options.database.port"),
    ({"options": {"database": {**POSTGRESQL, "port": 65_536}}}, "options.database.port"),
    ({"options": {"database": {**POSTGRESQL, "port": "x"}}}, "options.database.port"),
    ({"options": {"database": {**POSTGRESQL, "port": True}}}, "options.database.port"),
    ({"options": {"database": {**POSTGRESQL, "password": "x" * 256}}}, "options.database.password"),
    ({"options": {"database": {**POSTGRESQL, "password": "a\u0000b"}}}, "options.database.password"),
    ({"options": {"database": {**POSTGRESQL, "database": "x" * 64}}}, "options.database.database"),
    ({"options": {"database": {**POSTGRESQL, "storage": "x.sqlite"}}}, "options.database.storage"),
    ({"options": {"database": {**POSTGRESQL, "schema": "s"}}}, "options.database.schema"),
    ({"options": {"database": {"dialect": "sqlite", "host": "db"}}}, "options.database.host"),
    (
        {"options": {"dbConnType": "new_schema", "database": {"dialect": "sqlite"}}},
        "options.dbConnType",
    ),
    (
        {"options": {"dbConnType": "new_connection", "database": {"dialect": "sqlite"}}},
        "options.database.storage",
    ),
    ({"options": {"dbConnType": "new_connection", "database": POSTGRESQL}}, "options.database.database"),
    (
        {"options": {"dbConnType": "new_connection", "database": {"dialect": "postgres", "database": "d"}}},
        "options.database.host",
    ),
    ({"colour": "red"}, "colour"),
    ({"stamp": "x"}, "stamp"),
    ({"credentials": "x"}, "credentials"),
]


@pytest.mark.parametrize(("name", "rule"), NAMES, ids=lambda value: repr(value)[:30])
async def test_a_name_that_breaks_a_rule_is_refused_with_the_rule(
    api: Supervised, name: Any, rule: str
) -> None:
    answer = await api.ask("create", {"name": name})
    error = answer.json()["errors"][0]
    assert (answer.status_code, error["code"]) == (400, "VALIDATION_ERROR")
    assert rule in error["message"]
    assert error["field"] == "name"
    assert (api.environment.carried, api.records.all()) == ([], [])


async def test_what_does_not_fit_is_refused_and_named(api: Supervised) -> None:
    wrong = []
    for body, named in BODIES:
        answer = await api.ask("create", {"name": "shop", **body})
        errors = answer.json().get("errors", [{"code": "", "message": ""}])
        if (answer.status_code, errors[0]["code"]) != (400, "VALIDATION_ERROR") or named not in str(errors):
            wrong.append((body, answer.status_code, answer.text[:300]))
    assert wrong == [], wrong
    assert (api.environment.carried, api.records.all()) == ([], [])


async def test_what_does_not_fit_is_refused_of_an_update_too(api: Supervised) -> None:
    await api.make("shop")
    before = api.records.get("shop")
    wrong = []
    for body, named in BODIES:
        answer = await api.ask("update", body, filterByTk="shop")
        settled = "can not change any more" in answer.text  # which database it is
        if answer.status_code != 400 or not (settled or named in answer.text):
            wrong.append((body, answer.status_code, answer.text[:300]))
    assert wrong == [], wrong
    assert api.records.get("shop") == before


@pytest.mark.parametrize("body", [[], "shop", 7, [{"name": "shop"}]])
async def test_a_body_that_is_no_record_is_refused(api: Supervised, body: Any) -> None:
    for action in ("create", "check"):
        answer = await api.ask(action, body)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "VALIDATION_ERROR")


@pytest.mark.parametrize("stamp", ["", 7, "x" * 65])
async def test_a_stamp_that_is_none_is_refused(api: Supervised, stamp: Any) -> None:
    answer = await api.ask("create", {"name": "shop", "adopt": stamp})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "INVALID_PARAMETER")


@pytest.mark.parametrize("action", ["check", "create"])
async def test_what_is_made_anew_takes_nothing_over(api: Supervised, action: str) -> None:
    answer = await api.ask(action, {"name": "shop", "adopt": "5a0b7b3e"})
    assert answer.status_code == 400
    assert "must be new_connection" in answer.json()["errors"][0]["message"]
    assert await api.shown("shop") is None


async def test_names_and_domains_that_are_taken_are_told_of(api: Supervised) -> None:
    await api.make("shop", cname="shop.example.com")
    answer = await api.ask("create", {"name": "shop"})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "CONFLICT")
    answer = await api.ask("create", {"name": "other", "cname": "Shop.Example.com"})
    assert answer.status_code == 409
    assert "belongs to the application shop" in answer.json()["errors"][0]["message"]
    await api.ask("destroy", filterByTk="shop", confirm="shop")
    answer = await api.ask("create", {"name": "shop"})
    assert answer.status_code == 409
    assert "restore that one, purge it" in answer.json()["errors"][0]["message"]
    await api.make("other")
    answer = await api.ask("update", {"cname": "shop.example.com"}, filterByTk="other")
    assert answer.status_code == 409
    await api.ask("purge", filterByTk="shop", confirm="shop")
    assert (await api.ask("update", {"cname": "shop.example.com"}, filterByTk="other")).status_code == 200


@pytest.mark.parametrize("confirm", [None, "", "shop2", "Shop", "other"])
async def test_deleting_and_purging_take_the_name_once_more(api: Supervised, confirm: str | None) -> None:
    await api.make("shop")
    said = {} if confirm is None else {"confirm": confirm}
    answer = await api.ask("destroy", said, filterByTk="shop")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "CONFIRMATION_REQUIRED")
    assert (await api.shown("shop"))["wanted"] == "running"
    await api.ask("destroy", {"confirm": "shop"}, filterByTk="shop")
    answer = await api.ask("purge", said, filterByTk="shop")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "CONFIRMATION_REQUIRED")
    assert api.environment.databases.keys() == {"shop"}


async def test_verbs_on_nobody_and_on_nothing(api: Supervised) -> None:
    for action in ("start", "stop", "sleep", "restart", "upgrade", "restore", "update", "destroy", "purge"):
        nothing = await api.ask(action, {})
        assert (nothing.status_code, nothing.json()["errors"][0]["code"]) == (400, "FILTER_REQUIRED")
        assert "needs filterByTk: the names" in nothing.json()["errors"][0]["message"]
        nobody = await api.ask(action, {}, filterByTk="nobody", confirm="nobody")
        assert (nobody.status_code, nobody.json()["errors"][0]["code"]) == (404, "APP_NOT_FOUND")
    assert (await api.ask("get", filterByTk="nobody")).json() == {"data": None}
    assert (await api.ask("get")).status_code == 400


async def test_writing_by_get_is_refused(api: Supervised) -> None:
    async with api.client() as client:
        assert (await client.get("/applications:start/shop")).status_code == 405


async def test_what_the_preflight_finds_is_told_and_nothing_is_recorded(
    api: Supervised, monkeypatch: pytest.MonkeyPatch
) -> None:
    findings = [
        {"level": "error", "code": "PRIVILEGE_MISSING", "message": "u may not.", "remedy": "GRANT CREATE;"},
        {"level": "error", "code": "DATABASE_EXISTS", "message": "It is there.", "remedy": ""},
        {"level": "ok", "code": "OK", "message": "The server answers.", "remedy": ""},
    ]
    monkeypatch.setattr(type(api.environment), "_DO", {Verb.CHECK: lambda *_: {"findings": findings}})
    answer = await api.ask("create", {"name": "shop"})
    assert answer.status_code == 409
    assert answer.json()["errors"] == [
        {"message": "u may not. GRANT CREATE;", "code": "PRIVILEGE_MISSING"},
        {"message": "It is there.", "code": "DATABASE_EXISTS"},
    ]
    assert api.records.all() == []
    checked = await api.ask("check", {"name": "shop"})
    assert checked.json()["data"] == {"ok": False, "findings": findings}


async def test_checking_changes_nothing_and_creating_may_follow(api: Supervised) -> None:
    checked = (await api.ask("check", {"name": "shop"})).json()["data"]
    assert (checked["ok"], [found["level"] for found in checked["findings"]]) == (True, ["ok"])
    assert (api.records.all(), api.environment.databases) == ([], {})
    assert (await api.make("shop"))["status"] == "running"


async def test_a_domain_that_leads_nowhere_is_a_warning(api: Supervised) -> None:
    answer = await api.ask("create", {"name": "shop", "cname": "shop.nowhere.invalid"})
    (warning,) = answer.json()["data"]["warnings"]
    assert (warning["level"], warning["code"]) == ("warning", "DOMAIN_UNRESOLVED")
    job = await api.done(answer)
    assert job["status"] == "succeeded"
    assert job["steps"][0]["result"]["findings"][-1]["code"] == "DOMAIN_UNRESOLVED"


async def test_which_database_it_is_does_not_change_once_it_is_made(api: Supervised) -> None:
    await api.make("shop", options={"database": {**POSTGRESQL, "password": "first secret"}})
    for database in ({"database": "another"}, {"dialect": "mysql"}):
        answer = await api.ask("update", {"options": {"database": database}}, filterByTk="shop")
        assert answer.status_code == 400, database
    moved = {"options": {"database": {"host": "db2.example.com", "password": "second secret"}}}
    answer = await api.ask("update", moved, filterByTk="shop")
    assert answer.status_code == 200, answer.text
    (changed,) = answer.json()["data"]
    assert changed["options"]["database"]["host"] == "db2.example.com"
    await api.ask("restart", filterByTk="shop")
    last = api.environment.commands[-1].configuration
    assert last is not None
    assert (last.database["host"], last.database["password"]) == ("db2.example.com", "second secret")


async def test_a_password_that_is_kept_is_shown_to_no_other_server(api: Supervised) -> None:
    await api.make("shop", options={"database": {**POSTGRESQL, "password": "first secret"}})
    for elsewhere in ({"host": "db.attacker.example"}, {"port": 6543}, {"host": "b", "password": ""}):
        answer = await api.ask("update", {"options": {"database": elsewhere}}, filterByTk="shop")
        assert answer.status_code == 400, elsewhere
        assert "password" in answer.json()["errors"][0]["message"]
    answer = await api.ask("update", {"options": {"database": {"username": "other"}}}, filterByTk="shop")
    assert answer.status_code == 200, answer.text
    await api.ask("restart", filterByTk="shop")
    last = api.environment.commands[-1].configuration
    assert last is not None
    assert last.database["host"] == POSTGRESQL["host"]


async def test_nothing_is_done_with_one_that_is_not_made_yet(api: Supervised) -> None:
    api.environment.failures[Verb.PREPARE] = "BROKEN"
    await api.done(await api.ask("create", {"name": "shop"}))
    for verb in ("start", "stop", "sleep", "restart", "upgrade"):
        answer = await api.ask(verb, filterByTk="shop")
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "CONFLICT")
