"""Verbs on one application, or on many at once: each answers for itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

from insula.application.api.action import Answer, Context
from insula.application.api.errors import defect
from insula.application.api.queries import keys_of
from insula.application.errors import InvalidParameter
from insula.core import log
from insula.core.errors import InsulaError, Kind
from insula.supervisor.errors import NamesRequired

AT_ONCE: Final = 4
"""Applications of one request that something is done to at the same time."""
SOME_FAILED: Final = 207
"""The status of an answer where some of many could not be done."""

T = TypeVar("T")
One = Callable[[str], Awaitable[Any]]


def names_of(context: Context) -> tuple[list[str], bool]:
    """The applications that are addressed, and whether they are a list. Raises ``NamesRequired``, ``InvalidParameter``."""
    params = beside(context)
    keys = keys_of(context.key, params)
    if not keys:
        raise NamesRequired(action=context.action)
    if not all(isinstance(key, str) for key in keys):
        raise InvalidParameter(parameter="filterByTk", reason="must hold names of applications")
    given = context.key if context.key is not None else params.get("filterByTk")
    many = isinstance(given, list) or (isinstance(given, str) and given.lstrip().startswith("["))
    return list(dict.fromkeys(keys)), many


def name_of(context: Context) -> str:
    """The one application that is addressed. Raises as ``names_of``, and ``InvalidParameter`` for several."""
    names, _ = names_of(context)
    if len(names) > 1:
        raise InvalidParameter(parameter="filterByTk", reason="must name one application")
    return names[0]


def beside(context: Context) -> Mapping[str, Any]:
    """Parameters, of the query string and over them of the body, where that is no record itself."""
    return {**context.params, **context.body} if isinstance(context.body, dict) else context.params


def confirmation(context: Context, name: str) -> object:
    """What was given as ``confirm`` for this application: its name, alone or among others."""
    given = beside(context).get("confirm")
    if isinstance(given, str) and "," in given:
        given = given.split(",")
    if isinstance(given, list):
        return next((item for item in given if item == name), None)
    return given


async def each(context: Context, one: One, shape: Callable[[Any], T] | None = None) -> Answer:
    """Do it to those that are addressed. One answers as itself and raises; of many each answers for itself."""
    names, many = names_of(context)
    if not many:
        found = await one(names[0])
        return Answer(found if shape is None else shape(found))
    results = await _all(names, one, context.request.language)
    status = SOME_FAILED if any(failed for failed, _ in results) else 200
    return Answer([result for _, result in results], status=status)


def _entries(error: Exception, language: str) -> list[dict[str, str]]:
    if not isinstance(error, InsulaError) or error.kind is Kind.INTERNAL:
        return [defect(error, log.request_id.get(), language)]
    return [
        {"message": entry.told_in(language) or entry.message_in(language), "code": entry.code}
        for entry in error.entries
    ]


async def _all(names: Sequence[str], one: One, language: str) -> list[tuple[bool, Any]]:
    places = asyncio.Semaphore(AT_ONCE)

    async def told(name: str) -> tuple[bool, Any]:
        async with places:
            try:
                return False, await one(name)
            except Exception as error:  # noqa: BLE001 - told and logged: one that fails hides none of the others
                return True, {"name": name, "errors": _entries(error, language)}

    return list(await asyncio.gather(*map(told, names)))
