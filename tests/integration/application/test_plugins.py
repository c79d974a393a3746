"""Plugins of an application: enabled, disabled, set, and failing."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import httpx
import msgspec
import pytest

from insula.application.api.action import Action, Answer, Context, Resource
from insula.application.application import Application, State
from insula.application.errors import PluginFailed, UnknownPlugin
from insula.application.hooks import hook
from insula.application.plugin import Plugin
from insula.data.scope import Unrestricted
from insula.testing.applications import Library, MakeApplication, client_of, collection, field


async def hello(context: Context) -> Answer:
    return Answer("hello")


async def broken(context: Context) -> Answer:
    raise RuntimeError("the insides")


class MailSettings(msgspec.Struct, frozen=True):
    host: str = "localhost"
    password: Annotated[str, msgspec.Meta(extra={"secret": True})] = ""


class Mail(Plugin):
    """Not enabled by default; needs the post."""

    name = "mail"
    title = description = "Mail"
    enabled_by_default = False
    requires = ("post",)
    settings = MailSettings
    collections = (collection("letters", field("text", "string")),)
    resources = (
        Resource(
            "mail",
            (Action("hello", hello, "public", "Hello."), Action("broken", broken, "public", "Fails.")),
        ),
    )

    def __init__(self) -> None:
        self.loads = 0
        self.fails_in = ""

    async def install(self, application: Application, transaction: Any, root: Any) -> None:
        await application.repository.create(
            "letters", {"text": "first"}, scopes=Unrestricted(), on=transaction
        )

    async def load(self, application: Application) -> None:
        self.loads += 1
        if self.fails_in == "load":
            raise RuntimeError("no letter box")

    @hook
    def records_changed(self, application: Application) -> None:
        if self.fails_in == "hook":
            raise RuntimeError("no stamp")


class Post(Plugin):
    name = "post"
    title = description = "Post"
    enabled_by_default = False


@pytest.fixture
def mail() -> Mail:
    return Mail()


@pytest.fixture
async def application(make: MakeApplication, mail: Mail) -> AsyncIterator[Application]:
    made = make(Library(), mail, Post())
    await made.install()
    await made.start()
    yield made
    await made.stop()


async def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["errors"][0]["code"]


async def test_enabling_makes_tables_and_first_data_and_brings_what_is_required(
    client: httpx.AsyncClient, application: Application
) -> None:
    assert await code(await client.get("/mail:hello")) == (404, "NOT_FOUND")
    assert await code(await client.get("/letters:list")) == (404, "NOT_FOUND")
    answer = await client.post("/pm:enable/mail")
    assert answer.status_code == 200, answer.text
    assert (await client.get("/mail:hello")).json() == {"data": "hello"}
    assert (await client.get("/letters:list")).json()["meta"]["count"] == 1
    assert application.plugin_manager.loaded == {"library", "mail", "post"}
    names = [row["name"] for row in (await client.get("/pm:listEnabled")).json()["data"]]
    assert names == ["library", "post", "mail"]


async def test_disabling_keeps_the_data(client: httpx.AsyncClient, mail: Mail) -> None:
    await client.post("/pm:enable", json={"filterByTk": "@nocobase/plugin-mail"})
    await client.post("/letters:create", json={"text": "second"})
    assert await code(await client.post("/pm:disable/post")) == (409, "CONFLICT")
    assert (await client.post("/pm:disable/mail")).status_code == 200
    assert await code(await client.get("/mail:hello")) == (404, "NOT_FOUND")
    assert await code(await client.get("/letters:list")) == (404, "NOT_FOUND")
    await client.post("/pm:enable/mail")
    assert (await client.get("/letters:list")).json()["meta"]["count"] == 2
    assert await code(await client.post("/pm:enable/none")) == (404, "NOT_FOUND")
    assert await code(await client.post("/pm:enable")) == (400, "INVALID_PARAMETER")


async def test_what_is_enabled_stays_so(
    client: httpx.AsyncClient, application: Application, make: MakeApplication
) -> None:
    await client.post("/pm:enable/mail")
    await application.stop()
    again = make(Library(), Mail(), Post())
    await again.start()
    assert again.plugin_manager.loaded == {"library", "mail", "post"}
    await again.stop()


async def test_a_plugin_that_can_not_be_loaded_is_not_enabled(client: httpx.AsyncClient, mail: Mail) -> None:
    mail.fails_in = "load"
    assert await code(await client.post("/pm:enable/mail")) == (503, "PLUGIN_FAILED")
    assert await code(await client.get("/mail:hello")) == (404, "NOT_FOUND")
    assert (await client.get("/books:list")).status_code == 200
    mail.fails_in = ""
    assert (await client.post("/pm:enable/mail")).status_code == 200


async def test_a_plugin_that_fails_at_start_is_off(
    client: httpx.AsyncClient, application: Application, make: MakeApplication, mail: Mail
) -> None:
    await client.post("/pm:enable/mail")
    await application.stop()
    mail.fails_in = "load"
    again = make(Library(), mail, Post())
    await again.start()
    async with client_of(again) as other:
        assert await code(await other.get("/mail:hello")) == (503, "PLUGIN_FAILED")
        assert await code(await other.get("/letters:list")) == (503, "PLUGIN_FAILED")
        assert (await other.get("/books:list")).status_code == 200
        rows = {row["name"]: row for row in (await other.get("/pm:list")).json()["data"]}
        assert rows["mail"]["error"] == "RuntimeError: no letter box"
    await again.stop()


async def test_a_plugin_that_is_gone_is_told(
    client: httpx.AsyncClient, application: Application, make: MakeApplication
) -> None:
    await client.post("/pm:enable/mail")
    await application.stop()
    again = make(Library(), Post())
    await again.start()
    async with client_of(again) as other:
        rows = {row["name"]: row for row in (await other.get("/pm:list")).json()["data"]}
        assert "not installed" in rows["mail"]["error"]
        assert (await other.post("/pm:disable/mail")).status_code == 200
        assert not again.plugin_manager.failed
    await again.stop()


async def test_a_plugin_that_fails_in_a_hook_is_off_from_then_on(
    client: httpx.AsyncClient, mail: Mail
) -> None:
    await client.post("/pm:enable/mail")
    mail.fails_in = "hook"
    assert (await client.post("/books:create", json={"title": "x"})).status_code == 200
    assert await code(await client.get("/mail:hello")) == (503, "PLUGIN_FAILED")


async def test_a_required_plugin_that_fails_stops_the_start(make: MakeApplication) -> None:
    class Needed(Plugin):
        name = "needed"
        title = description = ""
        required = True

        async def load(self, application: Application) -> None:
            raise RuntimeError("not today")

    application = make(Library(), Needed())
    await application.install()
    with pytest.raises(PluginFailed, match="not today"):
        await application.start()
    assert application.state is State.ERROR
    await application.stop()


async def test_settings(client: httpx.AsyncClient, application: Application, mail: Mail) -> None:
    await client.post("/pm:enable/mail")
    loads = mail.loads
    answer = await client.post("/pm:update/mail", json={"settings": {"host": "h", "password": "hunter22"}})
    assert answer.json()["data"]["settings"] == {"host": "h", "password": "***"}
    assert mail.loads == loads + 1
    assert application.plugin_manager.settings("mail", MailSettings) == MailSettings("h", "hunter22")
    shown = (await client.get("/pm:get/mail")).json()["data"]
    assert shown["settings"]["password"] == "***"
    row = await application.repository.find_one("plugins", "mail", scopes=Unrestricted())
    assert row is not None
    assert "hunter22" not in str(row)
    wrong = await client.post("/pm:update/mail", json={"settings": {"host": 5}})
    assert await code(wrong) == (400, "VALIDATION_ERROR")
    assert await code(await client.post("/pm:update/mail", json={"host": 5})) == (400, "VALIDATION_ERROR")


async def test_a_defect_of_a_handler_is_not_told(client: httpx.AsyncClient) -> None:
    await client.post("/pm:enable/mail")
    answer = await client.get("/mail:broken")
    assert await code(answer) == (500, "INTERNAL_ERROR")
    assert "insides" not in answer.text
    assert answer.headers["x-request-id"] in answer.text


async def test_extra_plugins_must_exist(make: MakeApplication) -> None:
    application = make(Library(), extra_plugins=("none",))
    with pytest.raises(UnknownPlugin):
        await application.install()
    await application.stop()
    application = make(Library(), Mail(), Post(), extra_plugins=("mail",))
    await application.install()
    await application.start()
    assert application.plugin_manager.loaded == {"library", "mail", "post"}
    await application.stop()


async def test_what_clients_ask_first(client: httpx.AsyncClient, application: Application) -> None:
    info = (await client.get("/app:getInfo")).json()["data"]
    assert info["name"] == "main"
    assert info["database"] == {"dialect": application.database.dialect.name}
    assert (await client.get("/app:getLang")).json()["data"]["lang"] == "en-US"
