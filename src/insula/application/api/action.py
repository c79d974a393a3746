"""What the HTTP API addresses: resources, their actions, and what a handler receives and answers.

Resources and actions are values, built once per process and shared by all applications; the application
travels with the request.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from insula.application.access.principal import Principal
    from insula.application.api.request import Request
    from insula.application.application import Application
    from insula.data.scope import Scopes

Gate = Literal["public", "signed_in", "snippet", "records"]
"""How an action is guarded; there is no default, so that nothing is open by omission.

``public``     anyone, also without a token
``signed_in``  any person with a valid session or key
``snippet``    roles whose snippets include ``Action.snippet`` (``pm.collections`` …); root and admin by default
``records``    by the role's strategy and the collection's own setting, as permission ``Action.permission``
"""

Permission = Literal["create", "view", "update", "destroy", "export", "import"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a handler gives back. ``data`` is encoded as JSON under ``data``, ``meta`` beside it."""

    data: Any = None
    meta: Mapping[str, Any] | None = None
    status: int = 200
    headers: tuple[tuple[bytes, bytes], ...] = ()


@dataclass(frozen=True, slots=True)
class Stream:
    """A body sent as it is made: large lists, exports."""

    chunks: AsyncIterator[bytes]
    content_type: bytes = b"application/json; charset=utf-8"
    headers: tuple[tuple[bytes, bytes], ...] = ()
    first: bytes = b""
    """The first piece, once it is made: what is wrong with a request is told before the head is sent."""

    async def close(self) -> None:
        """Give back what making the pieces holds."""
        close = getattr(self.chunks, "aclose", None)
        if close is not None:
            await close()


@dataclass(frozen=True, slots=True)
class Raw:
    """A body that is not wrapped in ``data`` (an OpenAPI document, a file)."""

    body: bytes
    content_type: bytes = b"application/json; charset=utf-8"
    status: int = 200
    headers: tuple[tuple[bytes, bytes], ...] = ()


@dataclass(slots=True)
class Context:
    """One request, understood: what a handler receives."""

    application: Application
    request: Request
    principal: Principal
    scopes: Scopes
    """The caller's scopes, to hand to the repository. Handlers never widen them."""
    resource: str
    action: str
    key: str | None
    """``<id>`` of the path, text as it stands there; ``filterByTk`` of the query is in ``params``."""
    params: Mapping[str, Any]
    """The parsed query string: nested keys are dicts, ``[]`` are lists, leaves are text."""
    body: Any = None
    """The decoded JSON body, ``None`` without one."""
    parent: tuple[str, str] | None = None
    """Through a relation: the collection and the key (text) before ``/<relation>``; ``resource`` is then the
    relation's target."""
    relation: str | None = None
    """Through a relation: its name."""


Handler = Callable[[Context], Awaitable[Answer | Stream | Raw]]


@dataclass(frozen=True, slots=True)
class Action:
    """One verb of a resource."""

    name: str
    handler: Handler
    gate: Gate
    summary: str
    """One sentence, for the OpenAPI document."""
    permission: Permission | None = None
    """For the gate ``records``."""
    snippet: str | None = None
    """For the gate ``snippet``."""
    writes: bool = False
    """Not by GET (405), and needs the CSRF header when authenticated by cookie."""
    streams: bool = False
    """The handler reads the body itself, in pieces (``request.chunks()``); it is not read for it. Records that it
    writes by itself are its own to write inside ``Metadata.steady``, once the body is there."""
    slow: bool = False
    """Changes tables, which may take as long as the database gives one statement for that (``CHANGE_TIMEOUT_S``); the
    ordinary deadline of a request does not end it."""
    openapi: Mapping[str, Any] = field(default_factory=dict)
    """Parts of the OpenAPI operation: ``parameters``, ``requestBody``, ``responses``."""


@dataclass(frozen=True, slots=True)
class Resource:
    """A name with its actions. Collections need none: the actions of records serve them all."""

    name: str
    actions: tuple[Action, ...]
    title: str = ""
    openapi: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Action → parts of its OpenAPI operation, where the action itself has none of that name."""
    schemas: Mapping[str, Any] = field(default_factory=dict)
    """What those parts refer to: schemas by name, each beginning with a word and a dot, as no collection's does."""
