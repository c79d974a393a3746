"""The resource ``applications``: what people and programs ask of the supervisor, through the main application's API."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from insula.application.access.principal import Principal
from insula.application.api.action import Action, Answer, Context, Handler, Resource, Stream
from insula.application.api.bodies import as_object, record
from insula.application.api.queries import flag
from insula.application.errors import InvalidParameter
from insula.core.failpoints import reach
from insula.core.translation import in_language
from insula.supervisor import openapi, options
from insula.supervisor.collections import SNIPPET
from insula.supervisor.creation import Creation
from insula.supervisor.domains import look_up
from insula.supervisor.entry import Entry
from insula.supervisor.errors import PreflightFailed, StampInUse
from insula.supervisor.inside import Inside
from insula.supervisor.launcher import Launcher
from insula.supervisor.listing import get_application, list_applications, list_history, list_traffic
from insula.supervisor.names import new_name
from insula.supervisor.shown import answer, making_jobs
from insula.supervisor.supervisor import Supervisor
from insula.supervisor.verbs import beside, confirmation, each
from insula.supervisor.wishes import read

if TYPE_CHECKING:
    from insula.application.application import Application

Verb = Callable[..., Awaitable[Entry]]
_LONGEST_STAMP: Final = 64


class Applications:
    """The handlers. One object for the main application."""

    def __init__(self, supervisor: Supervisor, creation: Creation) -> None:
        self._supervisor = supervisor
        self._creation = creation

    async def find(self, context: Context) -> Answer | Stream:
        return await list_applications(self._supervisor, context)

    async def history(self, context: Context) -> Answer:
        return await list_history(self._supervisor, context)

    async def traffic(self, context: Context) -> Answer:
        return await list_traffic(self._supervisor, context)

    async def get(self, context: Context) -> Answer:
        return await get_application(self._supervisor, context)

    async def check(self, context: Context) -> Answer:
        """What would speak against making such an application, or stand in its way; nothing is changed."""
        values, adopt = _asked(context)
        await self._refuse(context.application, values, adopt)
        findings = await self._findings(context.application, values, adopt)
        return Answer({"ok": not _against(findings), "findings": _told(findings, context)})

    async def create(self, context: Context) -> Answer:
        """Record a new application, and begin to make it."""
        main, principal = context.application, context.principal
        values, adopt = _asked(context)
        await self._refuse(main, values, adopt)
        findings = await self._findings(main, values, adopt)
        if against := _against(findings):
            raise PreflightFailed(application=values["name"], findings=against)
        await reach("create.checked")
        entry, job = await self._creation.begin(
            main, values, findings, adopt=adopt, actor=actor_of(principal), creator=principal.user_id
        )
        warnings = [found for found in findings if found["level"] == "warning"]
        shown = await self._shown(context, entry)
        return Answer({**shown, "status": "preparing", "jobId": job, "warnings": _told(warnings, context)})

    async def update(self, context: Context) -> Answer:
        """The changed applications, as a list."""
        params, raw = record(context.params, context.body, plain=False)
        values = as_object(raw)

        async def one(name: str) -> Any:
            entry = await self._supervisor.update(name, values, actor=actor_of(context.principal))
            return await self._shown(context, entry)

        return await each(replace(context, params=params, body=None), one, lambda found: [found])

    async def destroy(self, context: Context) -> Answer:
        """The number of applications that are deleted; of a list of them, what became of each."""

        async def one(name: str) -> Any:
            confirm = confirmation(context, name)
            entry = await self._supervisor.destroy(name, confirm=confirm, actor=actor_of(context.principal))
            return await self._shown(context, entry)

        return await each(context, one, lambda found: 1)

    async def purge(self, context: Context) -> Answer:
        """The names of those that are gone, with what is left of their data, if anything is."""
        keep = flag(beside(context), "keepData", default=False)

        async def one(name: str) -> Any:
            confirm, actor = confirmation(context, name), actor_of(context.principal)
            left = await self._supervisor.purge(name, confirm=confirm, actor=actor, keep_data=keep)
            return {"name": name, "left": left or None}

        return await each(context, one)

    def verb(self, verb: Verb) -> Handler:
        """The handler for something that the supervisor does with an application."""

        async def handler(context: Context) -> Answer:
            async def one(name: str) -> Any:
                return await self._shown(context, await verb(name, actor=actor_of(context.principal)))

            return await each(context, one)

        return handler

    async def _refuse(self, main: Application, values: Mapping[str, Any], adopt: str | None) -> None:
        """Raises what is wrong with a new application by itself."""
        wish = read(values)
        known = [environment.name for environment in await self._supervisor.environments()]
        named = wish.changes.get("environments", ())
        options.check_new(wish, main, self._supervisor.service(named))
        records = self._supervisor.records
        records.check_name_free(str(wish.name))
        records.check_domain_free(wish.changes.get("cname"), str(wish.name))
        if adopt is not None:
            options.check_adoption(wish)
            for entry in records.all():
                if entry.stamp == adopt:
                    raise StampInUse(application=entry.name)
        options.check_places(named, known)

    async def _findings(
        self, main: Application, values: Mapping[str, Any], adopt: str | None
    ) -> list[Mapping[str, Any]]:
        findings: list[Mapping[str, Any]] = [*await self._supervisor.check(values, adopt=adopt)]
        domain = read(values).changes.get("cname")
        if domain is not None:
            findings.append((await look_up(domain, main.options.url)).to_json())
        return findings

    async def _shown(self, context: Context, entry: Entry) -> dict[str, Any]:
        jobs = await making_jobs(context.application, (entry,))
        language = context.request.language
        return answer(context.application, self._supervisor, entry, jobs.get(entry.name), language)


def actor_of(principal: Principal) -> str:
    """Who asks, for the history of an application."""
    if principal.kind == "local":
        return "the local administrator"
    named = principal.user.get("email") or principal.user.get("username") or f"user {principal.user_id}"
    return f"an API key of {named}" if principal.kind == "key" else str(named)


def _asked(context: Context) -> tuple[dict[str, Any], str | None]:
    """The values of a new application, its name among them, and the stamp of one to take over."""
    body = context.body
    adopt = context.params.get("adopt")
    if isinstance(body, dict) and "adopt" in body:
        body = {key: value for key, value in body.items() if key != "adopt"}
        adopt = context.body["adopt"]
    if adopt is not None and (not isinstance(adopt, str) or not 0 < len(adopt) <= _LONGEST_STAMP):
        raise InvalidParameter(parameter="adopt", reason="must be the stamp of the application to take over")
    _, values = record(context.params, body, plain=False)
    given = dict(as_object(values))
    if given.get("name") is None:
        given["name"] = new_name()
    if given.get("displayName") is None:
        given["displayName"] = given["name"]
    return given, adopt


def _told(findings: Sequence[Mapping[str, Any]], context: Context) -> list[dict[str, Any]]:
    """Their sentences in the language that was asked for."""
    language = context.request.language
    return [
        {
            **found,
            "message": in_language(found["message"], language),
            "remedy": in_language(found["remedy"], language),
        }
        for found in findings
    ]


def _against(findings: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [found for found in findings if found["level"] == "error"]


def applications(supervisor: Supervisor, creation: Creation, launcher: Launcher, inside: Inside) -> Resource:
    """The resource, for this supervisor."""
    handlers = Applications(supervisor, creation)

    def read_action(name: str, handler: Handler, summary: str) -> Action:
        return Action(name, handler, "snippet", summary, snippet=SNIPPET, openapi=openapi.PARTS[name])

    def open_action(name: str, handler: Handler, summary: str) -> Action:
        return Action(name, handler, "signed_in", summary, openapi=openapi.PARTS[name])

    def write(name: str, handler: Handler, summary: str) -> Action:
        parts = openapi.PARTS[name]
        # bringing up, taking down and dropping have deadlines of their own
        return Action(
            name, handler, "snippet", summary, snippet=SNIPPET, writes=True, slow=True, openapi=parts
        )

    return Resource(
        "applications",
        (
            read_action("list", handlers.find, "List applications, by pages."),
            read_action("get", handlers.get, "Get one application."),
            read_action("history", handlers.history, "List what has happened to an application."),
            read_action(
                "traffic", handlers.traffic, "List what was answered in each of the last 60 minutes."
            ),
            read_action("plugins", inside.list_plugins, "List the plugins of an application that runs here."),
            write("check", handlers.check, "Find out what creating an application would need."),
            write("create", handlers.create, "Create an application; a job makes it."),
            write("update", handlers.update, "Change applications."),
            write("destroy", handlers.destroy, "Delete applications; their data are kept."),
            write("restore", handlers.verb(supervisor.restore), "Bring deleted applications back, stopped."),
            write("purge", handlers.purge, "Drop the data of deleted applications, for good."),
            write("start", handlers.verb(supervisor.start), "Start applications."),
            write("stop", handlers.verb(supervisor.stop), "Stop applications, until someone starts them."),
            write("sleep", handlers.verb(supervisor.sleep), "Take applications down, until someone visits."),
            write("restart", handlers.verb(supervisor.restart), "Take applications down and up again."),
            write("upgrade", handlers.verb(supervisor.upgrade), "Bring databases to this version."),
            read_action("listRoles", launcher.list_roles, "List who may enter which applications."),
            open_action("listMine", launcher.list_mine, "List the applications that one may enter."),
            open_action("listPinned", launcher.list_pinned, "List pinned applications that can be visited."),
        ),
        "Applications",
        schemas=openapi.SCHEMAS,
    )
