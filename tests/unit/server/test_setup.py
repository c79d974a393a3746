"""The one-time set-up link: the token, the form, and the page around both."""

import asyncio
import re
from typing import Any
from urllib.parse import urlencode

import pytest

from insula.application.api.request import Request
from insula.core import log
from insula.core.errors import InsulaError, Kind
from insula.core.translation import ENGLISH, Speaker
from insula.fleet.process.base import Message
from insula.gateway.pages import Templates
from insula.server.build import _TEMPLATES
from insula.server.errors import AlreadySetUp
from insula.server.setup_form import Administrator, read_form
from insula.server.setup_link import LIFETIME_S, WINDOW_S, WRONG_TRIES, SetupLink, Verdict
from insula.server.setup_page import FORM_LIMIT_BYTES, SetupPage

GOOD = {
    "email": "ada@example.com",
    "username": "ada",
    "nickname": "Ada",
    "password": "analytical engine",
    "again": "analytical engine",
}


class Taken(InsulaError):
    """The {field} is taken."""

    kind = Kind.CONFLICT


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_token_is_good_until_used_or_a_day_old() -> None:
    clock = Clock()
    link = SetupLink(clock)
    assert link.check("") is Verdict.WRONG
    first = link.issue()
    assert link.check(first) is Verdict.RIGHT
    second = link.issue()
    assert link.check(first) is Verdict.WRONG
    assert link.check("\udcff") is Verdict.WRONG
    clock.now += LIFETIME_S - 1
    assert link.check(second) is Verdict.RIGHT
    clock.now += 1
    assert link.check(second) is Verdict.WRONG
    third = link.issue()
    link.use()
    assert link.check(third) is Verdict.USED
    assert link.check("anything") is Verdict.WRONG


def test_the_token_itself_is_not_kept() -> None:
    link = SetupLink()
    token = link.issue()
    assert token not in repr(vars(link))
    assert token.encode() not in vars(link).values()


def test_wrong_tries_are_throttled_for_a_while_and_the_right_one_is_let_in() -> None:
    clock = Clock()
    link = SetupLink(clock)
    token = link.issue()
    for _ in range(WRONG_TRIES):
        assert link.check("wrong") is Verdict.WRONG
    assert link.check("wrong") is Verdict.THROTTLED
    assert link.check(token) is Verdict.RIGHT
    clock.now += WINDOW_S
    assert link.check("wrong") is Verdict.WRONG


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"email": "ada"}, "email"),
        ({"email": "a@b@c"}, "email"),
        ({"email": "a@b\n"}, None),
        ({"email": "x" * 300 + "@b.c"}, "email"),
        ({"username": ""}, "username"),
        ({"username": "a b"}, "username"),
        ({"username": "a@b"}, "username"),
        ({"username": "x" * 51}, "username"),
        ({"username": "\x00"}, "username"),
        ({"nickname": " "}, "nickname"),
        ({"nickname": "a\x07"}, "nickname"),
        ({"password": "short", "again": "short"}, "password"),
        ({"password": "x" * 256, "again": "x" * 256}, "password"),
        ({"password": "aaaaaaaaaa", "again": "aaaaaaaaaa"}, "password"),
        ({"password": "Password123", "again": "Password123"}, "password"),
        ({"password": "ADA@example.com", "again": "ADA@example.com"}, "password"),
        ({"again": "other"}, "again"),
        ({}, None),
    ],
)
def test_the_form_says_what_is_wrong_beside_the_field(change: dict[str, str], field: str | None) -> None:
    _, wrong = read_form({**GOOD, **change}, Speaker(ENGLISH))
    assert list(wrong) == ([field] if field else [])


class Setup:
    """The page with a creator that notes or refuses."""

    def __init__(self) -> None:
        self.link = SetupLink()
        self.token = self.link.issue()
        self.made: list[Administrator] = []
        self.refuses: InsulaError | None = None
        self.headers: list[tuple[bytes, bytes]] = []
        self.page = SetupPage(self.link, Templates(_TEMPLATES), self.create, "/api/")

    async def create(self, asked: Administrator, request: Request) -> None:
        await asyncio.sleep(0)
        if self.refuses:
            raise self.refuses
        self.made.append(asked)
        request.answer_headers.append(
            (b"set-cookie", f"who={asked.username}; Path={request.prefix}/".encode())
        )

    async def ask(self, method: str, query: str = "", *body: bytes) -> tuple[int, str, dict[str, str]]:
        parts = list(body) or [b""]
        sent: list[Message] = []

        async def receive() -> Message:
            part = parts.pop(0)
            return {"type": "http.request", "body": part, "more_body": bool(parts)}

        async def send(message: Message) -> None:
            sent.append(message)

        scope: dict[str, Any] = {
            "method": method,
            "path": "/setup",
            "query_string": query.encode(),
            "scheme": "http",
            "insula.host": "localhost:13000",
            "headers": self.headers,
        }
        await self.page(scope, receive, send)
        headers = {key.decode(): value.decode() for key, value in sent[0]["headers"]}
        return sent[0]["status"], sent[1]["body"].decode(), headers

    async def submit(self, **change: str) -> tuple[int, str, dict[str, str]]:
        return await self.ask("POST", "", urlencode({"token": self.token, **GOOD, **change}).encode())


async def test_the_way_through() -> None:
    setup = Setup()
    status, page, headers = await setup.ask("GET", f"token={setup.token}")
    assert status == 200
    assert setup.token in page
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert "script" not in headers["content-security-policy"]
    status, page, headers = await setup.submit()
    assert (status, page) == (303, "")
    assert headers["location"] == "/admin/"
    assert headers["set-cookie"] == "who=ada; Path=/api/"
    assert headers["cache-control"] == "no-store"
    assert setup.made == [Administrator("ada@example.com", "ada", "Ada", "analytical engine")]
    for again in (await setup.submit(), await setup.ask("GET", f"token={setup.token}")):
        assert again[0] == 410
        assert "set-cookie" not in again[2]
        assert "There is an administrator" in again[1]
    stranger = await setup.ask("GET", "token=wrong")
    assert stranger[:2] == (await Setup().ask("GET", "token=wrong"))[:2]


async def test_a_link_is_used_up_where_an_administrator_came_otherwise() -> None:
    setup = Setup()
    setup.refuses = AlreadySetUp()
    for again in (await setup.submit(), await setup.submit(), await setup.ask("GET", f"token={setup.token}")):
        assert again[0] == 410
        assert "There is an administrator" in again[1]
    assert setup.made == []


async def test_wrong_fields_come_back_filled_and_escaped_but_never_the_password() -> None:
    setup = Setup()
    status, page, _ = await setup.submit(email='"><script>x</script>', password="short", again="short")
    assert status == 400
    assert 'aria-invalid="true"' in page
    assert "<script>" not in page
    assert 'value="ada"' in page
    assert "short" not in page
    assert setup.made == []


async def test_the_first_wrong_field_has_the_focus_and_names_its_limit() -> None:
    _, page, _ = await Setup().submit(nickname="x" * 300, password="short")
    assert "Write at most 255 characters; these are 300." in page
    assert re.findall(r'<input id="(\w+)"[^>]* autofocus>', page) == ["nickname"]
    setup = Setup()
    _, page, _ = await setup.ask("GET", f"token={setup.token}")
    assert "autofocus" not in page


async def test_a_used_link_names_a_command_that_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("insula.server.setup_page.command", lambda: ".venv/bin/insula")
    setup = Setup()
    await setup.submit()
    _, page, _ = await setup.submit()
    assert ".venv/bin/insula users reset-password" in page


async def test_what_the_database_refuses_stands_beside_its_field_or_above() -> None:
    setup = Setup()
    setup.refuses = Taken(field="username")
    status, page, _ = await setup.submit()
    assert status == 400
    assert '<p class="wrong" id="username-wrong">The username is taken.' in page
    setup.refuses = Taken(field="whatever")
    _, page, _ = await setup.submit()
    assert 'class="notice" role="alert">The whatever is taken.' in page


async def test_two_at_once_make_one_administrator() -> None:
    setup = Setup()
    answers = await asyncio.gather(setup.submit(), setup.submit(username="eve"))
    assert sorted(status for status, _, _ in answers) == [303, 410]
    assert len(setup.made) == 1


@pytest.mark.parametrize("query", ["", "token=", "token=wrong", "token=%00%ff", "token=a&token=b"])
async def test_a_wrong_link_shows_no_form(query: str) -> None:
    status, page, _ = await Setup().ask("GET", query)
    assert status == 403
    assert "<form" not in page


async def test_what_is_no_form() -> None:
    setup = Setup()
    assert (await setup.ask("POST", "", *[b"x" * 1024] * (FORM_LIMIT_BYTES // 1024 + 1)))[0] == 413
    assert (await setup.ask("POST", "", b"\xff\xfe=%%%"))[0] == 403
    assert (await setup.ask("DELETE"))[0] == 405


async def test_the_page_speaks_the_language_of_who_reads_it_also_where_something_is_wrong() -> None:
    setup = Setup()
    setup.headers = [(b"accept-language", b"de, fr-CA;q=0.9, en;q=0.5")]
    _, page, headers = await setup.ask("GET", f"token={setup.token}")
    assert '<html lang="fr-FR">' in page
    assert "<h1>Bienvenue</h1>" in page
    assert headers["vary"] == "Accept-Language, Cookie"
    _, page, _ = await setup.submit(nickname="x" * 300, again="other")
    assert "Écrivez au plus 255 caractères\xa0; il y en a 300." in page
    assert "Les deux mots de passe ne sont pas identiques." in page
    setup.refuses = AlreadySetUp()
    _, page, _ = await setup.submit()
    assert "<h1>Déjà configuré</h1>" in page
    assert '<a class="button" href="/admin/">Se connecter</a>' in page


async def test_a_request_is_named_only_where_something_went_wrong_that_the_log_tells_of() -> None:
    setup = Setup()
    log.request_id.set("r1")
    assert "r1" not in (await setup.ask("GET", f"token={setup.token}"))[1]
    assert "r1" not in (await setup.submit(password="short"))[1]
    setup.refuses = Taken(field="whatever")
    assert "<code>r1</code>" in (await setup.submit())[1]
    assert "<code>r1</code>" in (await setup.ask("GET", "token=wrong"))[1]
