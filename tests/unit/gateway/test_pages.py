"""What people and programs are told of an application that is on its way."""

import re
from datetime import UTC, datetime

import pytest

from insula.fleet.command import Command, Verb
from insula.fleet.lifecycle import Observed, Status, Wanted
from insula.fleet.process.base import Message, Scope
from insula.fleet.target import Target
from insula.gateway.errors import not_answering
from insula.gateway.pages import Pages, Templates
from insula.gateway.selector import Choice
from insula.testing.web import made_up_web

HEADERS = [(b"accept", b"text/html")]
UPGRADE = Command(Verb.UPGRADE, "shop", "1")


def target(doing: str, progress: float | None) -> Target:
    status = Status(
        Observed.COMMANDING, datetime(2026, 1, 1, tzinfo=UTC), UPGRADE, doing=doing, progress=progress
    )
    return Target("shop", status, Wanted.RUNNING, "The Shop")


async def page_of(told: Target, language: str = "") -> str:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        raise AssertionError("nothing is read")

    scope: Scope = {
        "type": "http",
        "method": "GET",
        "path": "/admin",
        "headers": [*HEADERS, (b"accept-language", language.encode())],
    }
    choice = Choice("shop", "page", "/admin", "/apps/shop")
    await Pages(Templates(), made_up_web())(choice, told, scope, receive, send)
    assert sent[0]["status"] == 503
    return bytes(sent[1]["body"]).decode()


@pytest.mark.parametrize(
    ("doing", "progress", "sentence", "bar"),
    [
        ("", None, "busy with: upgrade.", ""),
        ("tables", None, "busy with: upgrade. It is at: tables.", ""),
        (
            "plugin 3 of 4: <b>",
            0.5,
            "busy with: upgrade. It is at: plugin 3 of 4: &lt;b&gt;.",
            ' value="0.5"',
        ),
        ("plugin 1 of 4: acl", 0.0, "It is at: plugin 1 of 4: acl.", ' value="0.0"'),
    ],
)
async def test_the_page_shows_what_is_being_done_and_how_much_of_it(
    doing: str, progress: float | None, sentence: str, bar: str
) -> None:
    page = await page_of(target(doing, progress))
    assert f"{sentence}</p>" in page
    assert re.findall(r'<progress id="on-its-way" aria-label="On its way"(.*)></progress>', page) == [bar]


def test_programs_are_told_the_same() -> None:
    code, sentence = not_answering(target("migration 3 of 7: users", 2 / 7))
    assert code == "APP_COMMANDING"
    assert sentence == "The application shop is busy with: upgrade. It is at: migration 3 of 7: users."


async def test_the_page_speaks_the_language_of_who_reads_it() -> None:
    page = await page_of(target("", 0.5), "zh-CN,zh;q=0.9,en;q=0.8")
    assert '<html lang="zh-CN">' in page
    assert "<h1>The Shop 即将就绪</h1>" in page
    assert "<dd>忙碌中</dd>" in page
    assert "迁移 3/7：users" in await page_of(target("migration 3 of 7: users", 0.5), "zh")
    stopped = Target("shop", Status(Observed.STOPPED, datetime(2026, 1, 1, tzinfo=UTC)), Wanted.STOPPED)
    assert "<h1>shop no está disponible</h1>" in await page_of(stopped, "es")
