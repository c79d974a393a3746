"""Clients that go on asking while something else happens."""

import asyncio
from collections import Counter
from typing import Any, Self

import httpx

CLIENTS = 4
PAUSE_S = 0.002
"""Between what a client asks: with none, twenty of them leave a change of many statements little of the one process."""


class Askers:
    """They ask the same things again and again until the block ends; and what they were answered."""

    def __init__(self, client: httpx.AsyncClient, *asked: tuple[str, str, Any]) -> None:
        self._client = client
        self._asked = asked
        self._over = False
        self.seen: Counter[tuple[str, int, str]] = Counter()

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(self._run(*one)) for one in self._asked for _ in range(CLIENTS)]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._over = True
        await asyncio.gather(*self._tasks)

    async def _run(self, method: str, path: str, body: Any) -> None:
        while not self._over:
            answer = await self._client.request(method, path, json=body)
            code = "" if answer.status_code == 200 else answer.json()["errors"][0]["code"]
            self.seen[path, answer.status_code, code] += 1
            await asyncio.sleep(PAUSE_S)  # a refusal may be given without ever waiting

    @property
    def answers(self) -> set[tuple[int, str]]:
        return {(status, code) for _, status, code in self.seen}
