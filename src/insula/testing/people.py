"""People who sign in to an application under test through its real API, for tests of who may what."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any, Final

import httpx

from insula.application.application import Application
from insula.application.options import RootUser

Head = dict[str, str]
"""Headers that say who asks."""

ROOT_PASSWORD: Final = "secret root 1"
PASSWORD: Final = "secret of all 2"
"""Of everyone but root."""
ROOT: Final = RootUser(email="Root@Example.com", username="root", nickname="Root", password=ROOT_PASSWORD)


class People:
    """Signs people in, and makes new ones, on behalf of root."""

    def __init__(self, application: Application, web: httpx.AsyncClient) -> None:
        self.application = application
        self.web = web
        self._root: Head | None = None

    async def sign_in(self, account: str = "root", password: str | None = None) -> Head:
        """The head of someone who signs in; the browser's cookies are left aside."""
        password = password or (ROOT_PASSWORD if account == "root" else PASSWORD)
        answer = await self.web.post("/auth:signIn", json={"account": account, "password": password})
        self.web.cookies.clear()
        data = accepted(answer)
        return {"authorization": f"Bearer {data['token']}"}

    async def root(self) -> Head:
        """The head of root, signed in once."""
        if self._root is None:
            self._root = await self.sign_in()
        return self._root

    async def make(self, name: str, *roles: str) -> int:
        """A new user in these roles; gives their number."""
        body = {"username": name, "password": PASSWORD, "roles": list(roles)}
        return int(accepted(await self.web.post("/users:create", json=body, headers=await self.root()))["id"])

    async def add(self, name: str, *roles: str) -> Head:
        """A new user in these roles, signed in."""
        await self.make(name, *roles)
        return await self.sign_in(name)

    async def role(
        self, name: str, actions: Iterable[str] = (), snippets: Iterable[str] = (), **resources: Any
    ) -> None:
        """A new role; ``resources`` has its settings for single collections: ``notes=[{"name": "view"}]``."""
        body = {"name": name, "strategy": {"actions": list(actions)}, "snippets": list(snippets)}
        accepted(await self.web.post("/roles:create", json=body, headers=await self.root()))
        for collection, setting in resources.items():
            given = {"name": collection, "usingActionsConfig": True, "actions": setting}
            address = f"/roles/{name}/resources:create"
            accepted(await self.web.post(address, json=given, headers=await self.root()))


@asynccontextmanager
async def people_of(application: Application) -> AsyncIterator[People]:
    """People of an application that was installed with ``ROOT``."""
    transport = httpx.ASGITransport(application)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as web:
        yield People(application, web)


def accepted(answer: httpx.Response) -> Any:
    """The data of an answer that must be one of success."""
    assert answer.status_code == 200, (answer.request.url, answer.text)
    return answer.json()["data"]


def refusal(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of an answer that is no success; ``(200, "")`` of one that is."""
    if answer.status_code < 400:
        return answer.status_code, ""
    return answer.status_code, str(answer.json()["errors"][0]["code"])
