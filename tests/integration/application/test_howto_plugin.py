"""The plugin of the how-to page does what the page says."""

import re
from pathlib import Path
from typing import Any

from insula.data.scope import Unrestricted
from insula.testing.applications import MakeApplication, client_of

PAGE = Path(__file__).parents[3] / "docs" / "howto" / "write-a-plugin.md"


async def test_the_guest_book(make: MakeApplication) -> None:
    (code,) = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    module: dict[str, Any] = {}
    exec(compile(code, str(PAGE), "exec"), module)
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
