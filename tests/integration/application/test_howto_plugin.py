"""The plugin of the how-to page does what the page says."""

import re
import threading
from pathlib import Path
from typing import Any

from insula.core.threads import SIZE, WAITING
from insula.data.scope import Unrestricted
from insula.server.threads import STALLS
from insula.testing.applications import MakeApplication, client_of

PAGE = Path(__file__).parents[3] / "docs" / "howto" / "write-a-plugin.md"


def written() -> dict[str, Any]:
    """What the page's code makes, one block after the other."""
    module: dict[str, Any] = {}
    for code in re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL):
        exec(compile(code, str(PAGE), "exec"), module)
    return module


async def test_the_guest_book(make: MakeApplication) -> None:
    module = written()
    application = make(module["GuestbookPlugin"]())
    await application.install()
    await application.start()
    async with client_of(application) as client:
        answer = await client.post("/guestbook:sign", json={"text": "Ada was here" + "!" * 100})
        assert answer.status_code == 200, answer.text
        assert answer.json()["data"]["text"] == ("Ada was here" + "!" * 100)[:80]
        assert (await client.get("/guestbook:sign")).status_code == 405
    assert await application.repository.count("guestbookEntries", None, scopes=Unrestricted()) == 1
    await application.stop()


async def test_a_copy_is_kept_by_a_thread_of_the_application(make: MakeApplication, tmp_path: Path) -> None:
    module = written()
    used: list[str] = []
    copy_out = module["copy_out"]

    def seen(path: Path, text: str) -> int:
        used.append(threading.current_thread().name)
        written_now: int = copy_out(path, text)
        return written_now

    module["copy_out"] = seen
    application = make(module["GuestbookPlugin"](), name="press", storage=tmp_path)
    await application.install()
    await application.start()
    async with client_of(application) as client:
        answer = await client.post("/guestbook:keep", json={"text": "Ada was here"})
        assert answer.status_code == 200, answer.text
    assert (tmp_path / "guestbook.txt").read_text() == "Ada was here\n"
    assert used == ["press 1"]
    await application.stop()


def test_the_figures_of_the_page_are_those_of_the_code() -> None:
    text = PAGE.read_text()
    assert f"has {('no', 'one', 'two', 'three', 'four')[SIZE]} threads" in text
    assert f"up to {WAITING} calls wait" in text
    assert STALLS == 10
    assert "ten times `INSULA_STALL_LIMIT_S`" in text
