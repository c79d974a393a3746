"""The shell of the pages and their files, from a made-up folder."""

import re
import shutil
from pathlib import Path

import pytest

from insula import __version__
from insula.fleet.lifecycle import Observed, Wanted
from insula.fleet.process.base import Receive, Scope, Send
from insula.gateway.answers import send_answer
from insula.gateway.assets import Assets, accepted
from insula.gateway.selector import Choice
from insula.gateway.web import Mode
from insula.testing.gateway import HTML, Heard, House
from insula.testing.web import MADE_UP_DIST, MISSING_DIST, boot_of, made_up_web

FILES = MADE_UP_DIST / "assets"
DOMAIN = (b"host", b"shop.example.com")
EVERYTHING = (b"accept-encoding", b"gzip, deflate, br, zstd")


async def done(scope: Scope, receive: Receive, send: Send) -> None:
    await send_answer(send, 200, b"{}", b"application/json")


def house(mode: Mode = "shared-memory", dist: Path = MADE_UP_DIST) -> House:
    made = House(done, web=made_up_web(mode, dist))
    made.put("shop", Observed.RUNNING)
    return made


def tags(heard: Heard) -> list[str]:
    """The addresses of what the shell loads, in their order."""
    return re.findall(r'(?:href|src)="([^"]*/assets/[^"]*)"', heard.body.decode())


async def test_the_shell_names_all_that_the_entry_needs_and_nothing_that_comes_later() -> None:
    heard = await house().ask("/admin/", *HTML)
    page = heard.body.decode()
    assert page.startswith('<!doctype html>\n<html lang="en">')
    assert tags(heard) == [
        *("/assets/main-c3.css", "/assets/shared-e5.css"),
        *("/assets/shared-b2.js", "/assets/deep-d4.js"),
        "/assets/main-a1.js",
    ]
    assert page.count('rel="modulepreload"') == 2
    assert '<script type="module" src="/assets/main-a1.js"></script>' in page


@pytest.mark.parametrize(
    ("mode", "path", "headers", "prefix"),
    [
        ("shared-memory", "/apps/shop/admin/", (), "/assets/"),
        ("supervisor", "/apps/shop/admin/", (), "/assets/"),
        ("worker", "/apps/shop/admin/", (), "/apps/shop/assets/"),
        ("worker", "/admin/", (DOMAIN,), "/assets/"),
    ],
)
async def test_a_worker_has_files_of_its_own(
    mode: Mode, path: str, headers: tuple[tuple[bytes, bytes], ...], prefix: str
) -> None:
    made = house(mode)
    heard = await made.ask(path, *headers, *HTML)
    assert boot_of(heard.body.decode())["mode"] == mode
    assert len(tags(heard)) == 5
    for address in tags(heard):
        assert address.startswith(prefix)
        assert (await made.ask(address, *headers)).status == 200


async def test_the_policy_lets_in_our_own_files_and_styles_with_the_nonce_of_this_answer() -> None:
    made = house()
    first, second = [await made.ask("/admin/", *HTML) for _ in range(2)]
    nonces = [boot_of(heard.body.decode())["nonce"] for heard in (first, second)]
    assert nonces[0] != nonces[1]
    assert first.headers["content-security-policy"] == (
        f"default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonces[0]}'; "
        "img-src 'self' data: blob: https:; font-src 'self' data:; connect-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
    )
    assert first.headers["cache-control"] == "no-store"
    assert first.headers["x-content-type-options"] == "nosniff"
    assert "unsafe" not in first.headers["content-security-policy"]
    # Nothing in the page itself needs more than that.
    assert re.findall(r"<style|\son\w+=|\sstyle=", first.body.decode()) == []


async def test_names_end_neither_the_data_nor_the_page() -> None:
    made = house()
    wicked = "</script><script>alert(1)</script>\u2028&"
    web = made_up_web()
    heard = Heard()
    await web.send_shell(heard.take, Choice(wicked, "page", "/admin", f"/apps/{wicked}"), wicked)
    page = heard.body.decode()
    assert page.count("</script>") == 2
    assert "alert(1)</script>" not in page
    assert "\u2028" not in page.partition('id="insula">')[2].partition("</script>")[0]
    assert boot_of(page)["app"] == wicked
    told = boot_of((await made.ask("/apps/shop/admin", *HTML)).body.decode())
    assert (told["version"], told["app"], told["mode"]) == (__version__, "shop", "shared-memory")


@pytest.mark.parametrize(
    ("sent", "coding", "file"),
    [
        ((), None, "main-a1.js"),
        ((EVERYTHING,), "br", "main-a1.js.br"),
        (((b"accept-encoding", b"gzip;q=0.5, deflate"),), "gzip", "main-a1.js.gz"),
        (((b"accept-encoding", b"br;q=0, GZIP"),), "gzip", "main-a1.js.gz"),
        (((b"accept-encoding", b"br; q=0.000"),), None, "main-a1.js"),
        (((b"accept-encoding", b"identity"),), None, "main-a1.js"),
        (((b"accept-encoding", b"*"),), "br", "main-a1.js.br"),
        (((b"accept-encoding", b"gzip"), (b"accept-encoding", b"br")), "br", "main-a1.js.br"),
    ],
)
async def test_a_file_is_sent_in_the_shortest_coding_that_the_client_takes(
    sent: tuple[tuple[bytes, bytes], ...], coding: str | None, file: str
) -> None:
    heard = await house().ask("/assets/main-a1.js", *sent)
    assert (heard.status, heard.headers.get("content-encoding")) == (200, coding)
    assert heard.body == (FILES / file).read_bytes()
    assert heard.headers["content-type"] == "text/javascript; charset=utf-8"
    assert heard.headers["content-length"] == str(len(heard.body))
    assert heard.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert heard.headers["vary"] == "accept-encoding"
    assert heard.headers["x-content-type-options"] == "nosniff"


async def test_what_has_no_shorter_form_is_sent_as_it_is() -> None:
    heard = await house().ask("/assets/main-c3.css", EVERYTHING)
    assert "content-encoding" not in heard.headers
    assert (heard.headers["content-type"], heard.body) == (
        "text/css; charset=utf-8",
        (FILES / "main-c3.css").read_bytes(),
    )


@pytest.mark.parametrize(
    "name",
    [
        *("nothing.js", "", ".", "..", "../.vite/manifest.json", "x/../main-a1.js", "/etc/passwd"),
        *("main-a1.js.br", "main-a1.js.gz", "main-a1.js\0", "MAIN-A1.JS", "main-a1.js/"),
    ],
)
async def test_nothing_else_of_the_disk_is_sent(name: str) -> None:
    for headers in ((EVERYTHING,), HTML):
        heard = await house().ask(f"/assets/{name}", *headers)
        assert (heard.status, heard.headers["content-type"]) == (404, "text/plain; charset=utf-8")
        assert heard.headers["cache-control"] == "no-store"


async def test_files_are_read_and_asked_for_with_head_alone() -> None:
    assert (await house().ask("/assets/main-a1.js", method="HEAD")).status == 200
    for path in ("/assets/main-a1.js", "/admin/"):
        heard = await house().ask(path, method="POST")
        assert (heard.status, heard.headers["allow"]) == (405, "GET, HEAD")


async def test_files_belong_to_nobody_and_wake_nobody() -> None:
    made = house()
    made.put("shop", Observed.STOPPED, Wanted.ASLEEP)
    for path, headers in (
        ("/assets/main-a1.js", (DOMAIN,)),
        ("/apps/shop/assets/main-a1.js", ()),
        ("/apps/nosuch/assets/main-a1.js", ()),
    ):
        assert (await made.ask(path, *headers)).status == 200
    assert (made.directory.woken, made.traffic.all()) == ([], {})


async def test_what_was_sent_compressed_is_not_read_again_and_the_rest_not_kept(tmp_path: Path) -> None:
    shutil.copytree(FILES, tmp_path / "assets")
    assets = Assets(tmp_path / "assets")

    async def ask(name: str, *headers: tuple[bytes, bytes]) -> int:
        heard = Heard()
        await assets.send({"type": "http", "headers": list(headers)}, heard.take, name)
        return heard.status

    for headers in ((EVERYTHING,), ()):
        assert await ask("main-a1.js", *headers) == 200
    shutil.rmtree(tmp_path / "assets")
    assert await ask("main-a1.js", EVERYTHING) == 200
    # As after another version was installed in place of the one that runs.
    assert await ask("main-a1.js") == 404
    assert await ask("shared-b2.js", EVERYTHING) == 404


async def test_without_pages_people_read_what_to_do_and_the_api_answers(tmp_path: Path) -> None:
    made = house(dist=MISSING_DIST)
    page = await made.ask("/admin/", *HTML)
    assert (page.status, page.headers["content-type"]) == (503, "text/html; charset=utf-8")
    assert "make start builds them" in page.body.decode()
    told = (await made.ask("/admin/")).json["error"]
    assert (told["status"], told["code"]) == (503, "PAGES_NOT_BUILT")
    assert (await made.ask("/assets/main-a1.js")).status == 404
    assert (await made.ask("/api/users:list")).status == 200
    # Once they are there, nobody has to start the server again.
    late = house(dist=tmp_path / "dist")
    assert (await late.ask("/admin/", *HTML)).status == 503
    shutil.copytree(MADE_UP_DIST, tmp_path / "dist")
    assert (await late.ask("/admin/", *HTML)).status == 200
    assert (await late.ask("/assets/main-a1.js")).status == 200


def test_who_says_nothing_of_codings_gets_none() -> None:
    assert accepted({"headers": []}) == frozenset()
