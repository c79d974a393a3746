"""Every route of an application, every address that leads to it, and requests through the gateway that cost little."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from insula.application.api.action import Action
from insula.application.application import Application
from insula.gateway.entry import Gateway
from insula.testing.estate import domain


class Route(NamedTuple):
    """One way to ask for an action."""

    path: str
    action: Action

    @property
    def method(self) -> str:
        """One by which it may be asked for."""
        return "POST" if self.action.writes else "GET"


def routes(application: Application) -> list[Route]:
    """All that an application answers: actions of resources, of records, and of what is related to them."""
    table, catalog = application.plugin_manager.table, application.metadata
    found = [
        Route(f"/{resource.replace('.', '/1/')}:{name}", action)
        for (resource, name), action in table.actions.items()
    ]
    for collection in catalog:
        if collection.internal:
            continue
        taken = {name for resource, name in table.actions if resource == collection.name}
        found += [
            Route(f"/{collection.name}:{name}/1", action)
            for name, action in table.records.items()
            if name not in taken
        ]
        nested = {**table.related, **table.links}
        for relation in collection.relations:
            if f"{collection.name}.{relation}" not in table.resources:
                found += [
                    Route(f"/{collection.name}/1/{relation}:{name}", action)
                    for name, action in nested.items()
                ]
    return found


class Asked(NamedTuple):
    """A request on its way to one application, however it is addressed."""

    path: str
    host: str = "insula.example.com"
    query: str = ""
    headers: Mapping[str, str] = {}


def addresses(name: str, other: str, path: str) -> dict[str, Asked]:
    """Every way to lead a request to ``name``, the last ones with ``other`` named beside it."""
    found = {
        "sub-path": Asked(f"/api/__app/{name}{path}"),
        "query": Asked(f"/api{path}", query=f"__appName={name}"),
        "header": Asked(f"/api{path}", headers={"x-app": name}),
        "sub-path first": Asked(
            f"/api/__app/{name}{path}", query=f"__appName={other}", headers={"x-app": other}
        ),
        "query first": Asked(f"/api{path}", query=f"__appName={name}", headers={"x-app": other}),
    }
    if name == "main":
        found["nothing"] = Asked(f"/api{path}")
    else:
        found["domain"] = Asked(f"/api{path}", host=domain(name))
    return found


class Heard(NamedTuple):
    """What came back."""

    status: int
    body: bytes

    @property
    def answer(self) -> tuple[int, str]:
        """Status and code."""
        if self.status < 400:
            return self.status, ""
        said = json.loads(self.body)
        return self.status, said["errors"][0]["code"] if "errors" in said else said["error"]["code"]


async def ask(gateway: Gateway, asked: Asked, method: str, headers: Mapping[str, str]) -> Heard:
    """One request through the gateway, without the cost of a client."""
    body = b"{}" if method == "POST" else b""
    pairs = {"host": asked.host, **asked.headers, **headers}
    if body:
        pairs |= {"content-type": "application/json", "content-length": str(len(body))}
    scope = {
        "type": "http",
        "method": method,
        "path": asked.path,
        "root_path": "",
        "query_string": asked.query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in pairs.items()],
        "client": ("198.51.100.1", 4711),
        "scheme": "http",
    }
    status, pieces = 0, []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        else:
            pieces.append(message.get("body", b""))

    await asyncio.create_task(gateway(scope, receive, send))
    return Heard(status, b"".join(pieces))
