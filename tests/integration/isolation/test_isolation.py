"""Nothing of one application is of any use in another, or in main: every credential, on every route, at every address.

Routes come from the registry and tokens from the code that makes them, so that new ones are tried by themselves.
"""

from __future__ import annotations

import ast
import gc
import inspect
import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

import insula
from insula.application.access.policy import Policy
from insula.application.api.parameters import _parse, parse_query
from insula.server.logs import application_logs
from insula.testing.estate import Estate, domain
from insula.testing.people import ROOT_PASSWORD, Head, accepted, refusal
from insula.testing.routes import Asked, addresses, ask, routes

MAKERS = {
    "application/access/sessions.py": ("session", "renewed"),
    "plugins/api_keys/actions.py": ("key",),
}
"""Where tokens are made → the kinds that are tried here. What resets a password is turned off, and makes none."""
NOBODY = {(401, "INVALID_TOKEN"), (401, "EMPTY_TOKEN")}
COOKIES = ("auth_token", "csrf_token", "authenticator", "role")


async def cookies_of(estate: Estate, name: str) -> dict[str, str]:
    """Kind → value of the cookies of root of an application."""
    async with estate.browser() as web:
        body = {"account": "root", "password": ROOT_PASSWORD}
        accepted(await web.post(f"/api/__app/{name}/auth:signIn", json=body))
        kept = {
            cookie.name: cookie.value or "" for cookie in web.cookies.jar if cookie.path.startswith("/api/")
        }
    assert set(kept) == {f"nb_{kind}_{name}" for kind in COOKIES}
    return {kind: kept[f"nb_{kind}_{name}"] for kind in COOKIES}


def as_header(cookies: Mapping[str, str], name: str) -> str:
    return "; ".join(f"nb_{kind}_{name}={value}" for kind, value in cookies.items())


async def tokens(estate: Estate, name: str) -> dict[str, str]:
    """Kind → token of root of an application: one of each that there is."""
    head = await estate.sign_in(name)
    found = {"session": head["authorization"][7:]}
    async with estate.browser() as web:
        address = f"/api/__app/{name}"
        key = await web.post(
            f"{address}/apiKeys:create", json={"name": "k", "expiresIn": "never"}, headers=head
        )
        found["key"] = accepted(key)["token"]
        estate.clock.advance(Policy().renewal_s + 1)
        found["renewed"] = (await web.get(f"{address}/auth:check", headers=head)).headers["x-new-token"]
    return found


async def credentials(estate: Estate, name: str, at: str) -> dict[str, dict[str, str]]:
    """All that root of ``name`` has, as it would be shown at ``at``."""
    made = await tokens(estate, name)
    assert set(made) == {kind for kinds in MAKERS.values() for kind in kinds}
    found = {f"{kind} as bearer": {"authorization": f"Bearer {text}"} for kind, text in made.items()}
    kept = await cookies_of(estate, name)
    proof = {"x-csrf-token": kept["csrf_token"]}
    found["cookies"] = {"cookie": as_header(kept, name), **proof}
    found["cookies under the name of another"] = {"cookie": as_header(kept, at), **proof}
    found["all at once"] = {
        "cookie": f"{as_header(kept, name)}; {as_header(kept, at)}",
        "x-role": "root",
        **proof,
    }
    for kind, text in made.items():
        found[f"{kind} as cookie"] = {"cookie": as_header({**kept, "auth_token": text}, at), **proof}
    return found


@pytest.fixture
async def street(estate: Estate) -> AsyncIterator[Estate]:
    """``shop`` and ``depot`` beside main."""
    await estate.add("shop")
    await estate.add("depot")
    yield estate


def test_every_maker_of_tokens_is_known_here() -> None:
    """A new kind of token has to be tried on others, too."""
    source = Path(insula.__file__).parent
    makers = set()
    for path in source.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "mint"
            ):
                makers.add(str(path.relative_to(source)))
    assert makers == set(MAKERS)


async def readable(estate: Estate, name: str) -> dict[str, bytes]:
    """Everything that root reads in an application, by route; but what is made anew with each answer."""
    application = estate.applications[name]
    head = await estate.sign_in(name)
    found = {}
    for route in routes(application):
        if route.method == "GET":
            heard = await ask(estate.gateway, Asked(f"/api/__app/{name}{route.path}"), "GET", head)
            assert heard.status < 500, (route.path, heard)
            found[route.path] = heard.body if heard.status < 400 else repr(heard.answer).encode()
    return found


@pytest.mark.parametrize(("owner", "others"), [("shop", ("main", "depot")), ("main", ("shop", "depot"))])
async def test_no_credential_opens_anything_elsewhere(
    street: Estate, owner: str, others: tuple[str, ...]
) -> None:
    tried = 0
    for other in others:
        shown = await credentials(street, owner, other)
        before = await readable(street, other)
        for route in routes(street.applications[other]):
            for way, asked in addresses(other, owner, route.path).items():
                plain = await ask(street.gateway, asked, route.method, {})
                public = route.action.gate == "public"
                for kind, headers in shown.items():
                    heard = await ask(street.gateway, asked, route.method, headers)
                    tried += 1
                    what = (route.path, way, kind, heard)
                    assert heard.answer in NOBODY or (public and heard == plain), what
        assert await readable(street, other) == before
    assert tried > 10_000


async def test_a_credential_opens_its_own_application_by_every_address(street: Estate) -> None:
    """The counterpart, without which the refusals would prove little."""
    for name, other in (("shop", "depot"), ("main", "shop"), ("depot", "main")):
        for way, asked in addresses(name, other, "/auth:check").items():
            for kind, headers in (await credentials(street, name, name)).items():
                heard = await ask(street.gateway, asked, "GET", headers)
                assert heard.status == 200, (name, way, kind, heard)


async def test_a_domain_leads_to_its_application_alone(street: Estate) -> None:
    shown = await credentials(street, "shop", "depot")
    for headers in shown.values():
        for asked in (
            Asked("/api/__app/shop/auth:check", host=domain("depot")),
            Asked("/api/auth:check", host=domain("depot"), query="__appName=shop"),
            Asked("/api/auth:check", host=domain("depot"), headers={"x-app": "shop"}),
        ):
            assert (await ask(street.gateway, asked, "GET", headers)).status == 404


async def test_the_proof_of_one_application_proves_nothing_in_another(street: Estate) -> None:
    """With a session of their own, and the CSRF token of a neighbour in cookie and header."""
    kept = {name: await cookies_of(street, name) for name in ("main", "shop", "depot")}
    change = "/auth:changePassword"
    for name, own in kept.items():
        asked = Asked(f"/api/__app/{name}{change}")
        proof = {"x-csrf-token": own["csrf_token"]}
        heard = await ask(street.gateway, asked, "POST", {"cookie": as_header(own, name), **proof})
        assert heard.answer == (400, "VALIDATION_ERROR")
        for other in kept.keys() - {name}:
            foreign = kept[other]["csrf_token"]
            planted = as_header({**own, "csrf_token": foreign}, name)
            heard = await ask(street.gateway, asked, "POST", {"cookie": planted, "x-csrf-token": foreign})
            assert heard.answer == (403, "INVALID_CSRF_TOKEN")


async def write(estate: Estate, name: str, path: str, head: Head, body: Any = None) -> Any:
    async with estate.browser() as web:
        return accepted(await web.post(f"/api/__app/{name}/{path}", json=body or {}, headers=head))


async def change_everything(estate: Estate, name: str, mark: str) -> None:
    """Something of each kind of thing that an application keeps."""
    head = await estate.sign_in(name)
    for path, body in (
        ("systemSettings:update", {"title": mark, "appLang": "de-DE", "enabledLanguages": ["de-DE"]}),
        ("pm:update/auth", {"settings": {"signUp": True, "shortestPassword": 20}}),
        ("roles:create", {"name": "auditor", "title": mark, "strategy": {"actions": ["view"]}}),
        ("roles:update/member", {"strategy": {"actions": []}, "title": mark}),
        ("roles:update/anonymous", {"strategy": {"actions": ["view"]}}),
        ("users:create", {"username": "spy", "password": f"{mark} and twenty more", "nickname": mark}),
        ("users:update/1", {"nickname": mark, "phone": mark[:20]}),
        ("collections:create", {"name": "notes", "fields": [{"name": "t", "type": "string"}]}),
        ("notes:create", {"t": mark}),
        ("authors:create", {"name": mark}),
        ("apiKeys:create", {"name": mark}),
        ("pm:disable/swagger", None),
    ):
        await write(estate, name, path, head, body)
    async with estate.browser() as web:
        sheet = f"t,n\n{mark},1\n".encode()
        address = f"/api/__app/{name}/imports:create?collection=sheet"
        started = accepted(await web.post(address, content=sheet, headers=head))
    job = await estate.applications[name].jobs.finished(started["jobId"])
    assert job.status == "succeeded"


async def test_what_one_application_changes_no_other_sees(street: Estate) -> None:
    """Settings, plugins, roles, people, collections, records, files, jobs."""
    others = ("main", "depot")
    before = {name: await readable(street, name) for name in others}
    mark = "a mark of the shop"
    await change_everything(street, "shop", mark)
    assert any(mark.encode() in body for body in (await readable(street, "shop")).values())
    for name in others:
        assert await readable(street, name) == before[name]
        files = [path for path in (street.folder / "apps" / name).rglob("*") if path.is_file()]
        assert files == []
    assert await ask(street.gateway, Asked("/api/__app/shop/swagger:get"), "GET", {}) != before["main"]


async def test_what_is_logged_for_one_application_is_in_no_log_of_another(
    street: Estate, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO"), application_logs(street.folder):
        await change_everything(street, "shop", "a mark")
        await write(street, "depot", "users:update/1", await street.sign_in("depot"), {"phone": "1"})
    logs = {path.name: path.read_text() for path in (street.folder / "logs").iterdir()}
    assert set(logs) == {"shop.log", "depot.log"}
    assert "users:create" in logs["shop.log"] and "users:update" in logs["depot.log"]
    assert "users:create" not in logs["depot.log"]
    told = {json.loads(line)["application"] for line in logs["depot.log"].splitlines()}
    assert told == {"depot"}


async def test_a_number_means_something_in_its_own_application_alone(street: Estate) -> None:
    """Jobs of the shop are not there for root of another, under whatever number."""
    await change_everything(street, "shop", "a mark of the shop")
    for name in ("main", "depot"):
        head = await street.sign_in(name)
        for path in ("/jobs:get/1", "/jobs:cancel/1", "/jobs:retry/1", "/jobs:undo/1", "/notes:get/1"):
            method = "GET" if ":get" in path else "POST"
            heard = await ask(street.gateway, Asked(f"/api/__app/{name}{path}"), method, head)
            assert heard.status == 404, (path, heard)


async def test_the_same_shape_of_request_answers_each_application_its_own(street: Estate) -> None:
    """Compiled statements and parsed requests are shared; values, and what is open to whom, are not."""
    heads = {}
    for name in ("shop", "depot", "main"):
        heads[name] = await street.sign_in(name)
        fields = [{"name": "t", "type": "string"}, {"name": f"only_{name}", "type": "string"}]
        await write(street, name, "collections:create", heads[name], {"name": "notes", "fields": fields})
        for number in range(3):
            await write(
                street,
                name,
                "notes:create",
                heads[name],
                {"t": f"{number}", f"only_{name}": f"{name} {number}"},
            )
    queries = (
        'filter={"t":{"$gte":"1"}}&sort=-t',
        "filter[t][$in][]=1&filter[t][$in][]=2&pageSize=1",
        "fields=id,t",
        "",
    )
    for _ in range(2):
        for query in queries:
            for name, head in heads.items():
                asked = Asked(f"/api/__app/{name}/notes:list", query=query)
                rows = json.loads((await ask(street.gateway, asked, "GET", head)).body)["data"]
                assert rows
                for row in rows:
                    of = {key: value for key, value in row.items() if key.startswith("only_")}
                    assert of in ({}, {f"only_{name}": f"{name} {row['t']}"})
    for query in queries:
        assert parse_query(query.encode()) == _parse(query.encode())
    for name, head in heads.items():
        other = "depot" if name == "shop" else "shop"
        asked = Asked(f"/api/__app/{name}/notes:list", query=f"fields=only_{other}")
        assert (await ask(street.gateway, asked, "GET", head)).answer == (400, "UNKNOWN_FIELD")


SAME_SHAPE = ("$eq", "$in", "$includes", "$startsWith", "$endsWith", "$like", "$iLike", "$regexp", "$gte")


@pytest.mark.parametrize("operator", SAME_SHAPE)
async def test_built_in_collections_are_shared_and_their_records_are_not(
    street: Estate, operator: str
) -> None:
    """One compiled statement, run with the values of one application after the other."""
    heads = {name: await street.sign_in(name) for name in street.applications}
    for name, head in heads.items():
        for other in heads:
            await write(street, name, "authors:create", head, {"name": f"{other} in {name}"})
    found = {application.metadata.get("authors") for application in street.applications.values()}
    assert len(found) == 1, "the test is about a collection that is shared"
    for _ in range(2):
        for name, head in heads.items():
            for other in heads:
                own = f"{other} in {name}"
                value: Any = [own] if operator == "$in" else f"^{own}$" if operator == "$regexp" else own
                query = "filter=" + json.dumps({"name": {operator: value}}).replace(" ", "%20")
                asked = Asked(f"/api/__app/{name}/authors:list", query=query)
                rows = json.loads((await ask(street.gateway, asked, "GET", head)).body)["data"]
                assert own in {row["name"] for row in rows}
                assert all(row["name"].endswith(f" in {name}") for row in rows)


async def test_guesses_at_one_application_lock_nobody_out_of_another(street: Estate) -> None:
    async with street.browser() as web:
        wrong = {"account": "root", "password": "wrong wrong"}
        for _ in range(11):
            answer = await web.post("/api/__app/shop/auth:signIn", json=wrong)
        assert answer.status_code == 429
        for name in ("main", "depot"):
            await street.sign_in(name)


async def signed_in(web: httpx.AsyncClient, address: str) -> bool:
    return (await web.get(f"{address}/auth:check")).status_code == 200


async def test_signing_in_and_out_below_one_host_touches_no_other_session(street: Estate) -> None:
    """In a browser, with its own judgement of which cookies go where."""
    bases = {"main": "/api", "shop": "/api/__app/shop", "depot": "/api/__app/depot"}
    body = {"account": "root", "password": ROOT_PASSWORD}
    async with street.browser() as web:
        inside: set[str] = set()
        for name, base in bases.items():
            accepted(await web.post(f"{base}/auth:signIn", json=body))
            inside.add(name)
            for other, address in bases.items():
                assert await signed_in(web, address) == (other in inside), (name, other)
        placed = {(cookie.name, cookie.path) for cookie in web.cookies.jar}
        paths = {"main": "/api/", "shop": "/api/__app/shop/", "depot": "/api/__app/depot/"}
        pages = {"main": "/admin", "shop": "/apps/shop", "depot": "/apps/depot"}
        assert placed == {
            *((f"nb_{kind}_{name}", path) for name, path in paths.items() for kind in COOKIES),
            *((f"nb_page_csrf_token_{name}", path) for name, path in pages.items()),
        }
        for name in ("shop", "main", "depot"):
            (proof,) = read_by_script(web, f"{pages[name]}/").values()
            answer = await web.post(f"{bases[name]}/auth:signOut", headers={"x-csrf-token": proof or ""})
            assert refusal(answer) == (200, "")
            inside.discard(name)
            for other, address in bases.items():
                assert await signed_in(web, address) == (other in inside), (name, other)


async def test_a_page_reads_the_proof_for_its_own_writes_and_no_neighbours(street: Estate) -> None:
    """The cookies that a script on a page sees are those of its path, but for those that no script sees."""
    bases = {"main": "/api", "shop": "/api/__app/shop", "depot": "/api/__app/depot"}
    pages = {
        "main": ("/admin", "/admin/settings"),
        "shop": ("/apps/shop", "/apps/shop/admin/", "/apps/shop/signin"),
        "depot": ("/apps/depot", "/apps/depot/admin/", "/apps/depot/signin"),
    }
    change = {"nickname": "Changed"}
    async with street.browser() as web:
        for base in bases.values():
            accepted(
                await web.post(f"{base}/auth:signIn", json={"account": "root", "password": ROOT_PASSWORD})
            )
        for name, paths in pages.items():
            for path in paths:
                seen = read_by_script(web, path)
                assert list(seen) == [f"nb_page_csrf_token_{name}"], path
                for other, base in bases.items():
                    head = {"x-csrf-token": seen[f"nb_page_csrf_token_{name}"]}
                    answer = await web.post(f"{base}/users:update/1", json=change, headers=head)
                    assert refusal(answer) == ((200, "") if other == name else (403, "INVALID_CSRF_TOKEN"))
        for path in ("/", "/apps/", "/apps/shopping/admin/", "/apps/shop2", "/administration"):
            assert read_by_script(web, path) == {}, path


def read_by_script(web: httpx.AsyncClient, path: str) -> dict[str, str]:
    """Names and values in ``document.cookie`` of a page."""
    return {
        cookie.name: cookie.value or ""
        for cookie in web.cookies.jar
        if not cookie.has_nonstandard_attr("HttpOnly")
        and (path == cookie.path or path.startswith(f"{cookie.path.rstrip('/')}/"))
    }


async def test_on_its_own_domain_an_application_has_the_whole_of_the_api(street: Estate) -> None:
    body = {"account": "root", "password": ROOT_PASSWORD}
    for path in ("/api/auth:signIn", "/api/__app/shop/auth:signIn", "/api/auth:signIn?__appName=shop"):
        async with street.browser(f"http://{domain('shop')}") as web:
            accepted(await web.post(path, json=body))
            assert {cookie.path for cookie in web.cookies.jar} == {"/api/", "/admin"}
            for address in ("/api", "/api/__app/shop"):
                assert await signed_in(web, address)


def held(text: str) -> list[str]:
    """Whatever holds a text that has this text in it, anywhere in the process; but what runs, which is the test."""
    found = []
    for holder in gc.get_objects():
        waiting = gc.get_referents(holder) if not inspect.iscoroutine(holder) else []
        while waiting:
            item = waiting.pop()
            if (isinstance(item, str) and text in item) or (
                isinstance(item, bytes) and text.encode() in item
            ):
                found.append(f"{type(holder).__name__}: {str(holder)[:200]}")
            elif isinstance(item, dict | tuple) and not gc.is_tracked(item):
                waiting += gc.get_referents(item)
    return found


async def test_nothing_of_an_application_stays_in_the_process_when_it_has_stopped(street: Estate) -> None:
    """No cache, memo, plan, throttle, log or hook keeps a value of it: there is nothing to find for others."""
    number = id(street) * 271 + 1  # that nobody else has, and that no source has
    await change_everything(street, "shop", f"mark {number}")
    await readable(street, "shop")
    guess = json.dumps({"account": f"guess {number}", "password": f"guess {number}"}).encode()
    async with street.browser() as web:
        await web.post("/api/__app/shop/auth:signIn", content=guess)
    del guess, web
    assert held(f"{number}"), "there must be something to find while it runs"
    shop = street.applications.pop("shop")
    street.process.apps.pop("shop")
    await shop.stop()
    del shop
    gc.collect()
    assert held(f"{number}") == []
