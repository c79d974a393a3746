"""The resource ``environments``: where applications can run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from insula import __version__
from insula.application.api.action import Action, Answer, Context, Resource
from insula.application.api.queries import one_key
from insula.application.errors import InvalidParameter
from insula.fleet.environment import Environment
from insula.supervisor import openapi
from insula.supervisor.collections import SNIPPET
from insula.supervisor.supervisor import Supervisor
from insula.supervisor.verbs import beside

_PAGE: Final = 1


class Environments:
    """The handlers. One object for the main application."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor

    async def find(self, context: Context) -> Answer:
        """All of them, by name; there are few, so that they are one page."""
        found, taken = await self._supervisor.environments(), self._supervisor.taken()
        own = context.application.database.dialect.name
        rows = [_shown(environment, taken, own) for environment in found]
        size = max(1, len(rows))
        return Answer(rows, {"count": len(rows), "page": _PAGE, "pageSize": size, "totalPage": _PAGE})

    async def get(self, context: Context) -> Answer:
        """One environment; ``null`` where there is none of that name."""
        name = one_key(context.key, beside(context))
        if not isinstance(name, str):
            raise InvalidParameter(parameter="filterByTk", reason="must name the environment")
        found = (item for item in await self._supervisor.environments() if item.name == name)
        environment = next(found, None)
        taken, own = self._supervisor.taken(), context.application.database.dialect.name
        return Answer(None if environment is None else _shown(environment, taken, own))

    async def destroy(self, context: Context) -> Answer:
        """Forget one that is not there any more. Answers how many are forgotten."""
        name = one_key(context.key, beside(context))
        if not isinstance(name, str):
            raise InvalidParameter(parameter="filterByTk", reason="must name the environment")
        await self._supervisor.forget(name)
        return Answer(1)


def _shown(environment: Environment, taken: Mapping[str, int], own: str) -> dict[str, Any]:
    """``own`` is the dialect of main's service, which an environment that names none uses."""
    return {
        "name": environment.name,
        "url": environment.url,
        "proxyUrl": environment.proxy_url,
        "available": environment.available,
        "state": environment.state,
        "appVersion": environment.version,
        "dialect": environment.dialect or own,
        "lastHeartbeatAt": environment.heartbeat_at,
        "secured": environment.secured,
        "applications": environment.applications,
        "placed": taken.get(environment.name, 0),
        "capacity": environment.capacity or None,
        "load": dict(environment.load),
        "failure": environment.failure or None,
        "warning": _warning(environment),
    }


def _warning(environment: Environment) -> str | None:
    """What is odd about it, as a sentence."""
    if environment.version in ("", __version__):
        return None
    return (
        f"It runs version {environment.version}, and this Supervisor {__version__}; "
        "run the same version everywhere."
    )


def environments(supervisor: Supervisor) -> Resource:
    """The resource, for this supervisor."""
    handlers = Environments(supervisor)
    return Resource(
        "environments",
        (
            Action(
                "list",
                handlers.find,
                "snippet",
                "List environments.",
                snippet=SNIPPET,
                openapi=openapi.ENVIRONMENTS,
            ),
            Action(
                "get",
                handlers.get,
                "snippet",
                "Get one environment.",
                snippet=SNIPPET,
                openapi=openapi.ENVIRONMENT,
            ),
            Action(
                "destroy",
                handlers.destroy,
                "snippet",
                "Forget an environment that is not there any more.",
                snippet=SNIPPET,
                writes=True,
                openapi=openapi.FORGOTTEN,
            ),
        ),
        "Environments",
        schemas=openapi.ENVIRONMENT_SCHEMAS,
    )
