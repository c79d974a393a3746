"""What all pages of an application show: one record."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from insula.application.access.errors import InvalidAccess
from insula.application.api.action import Action, Answer, Context, Resource
from insula.application.api.bodies import as_object, record
from insula.application.plugin import Plugin
from insula.data.builtin import builtin_collection, builtin_field
from insula.data.query import Query
from insula.data.scope import Unrestricted

if TYPE_CHECKING:
    from insula.application.application import Application
    from insula.application.options import RootUser
    from insula.database.executor import Transaction

SNIPPET: Final = "pm.system-settings.system-settings"
_ONLY: Final = 1
"""Number of the one record."""
_PUBLIC: Final = ("title", "logo", "appLang", "enabledLanguages")
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_MAX_LANGUAGES: Final = 100


SYSTEM_SETTINGS: Final = builtin_collection(
    "systemSettings",
    "System settings",
    "What pages show to everybody, and how.",
    builtin_field("id", "bigInt", "Always 1.", primary_key=True),
    builtin_field("title", "string", "Title of all pages."),
    builtin_field("logo", "string", "Address of the logo."),
    builtin_field("enabledLanguages", "json", "Languages that people may choose."),
    builtin_field("appLang", "string", "Language of those who chose none."),
    builtin_field("options", "json", "What pages keep here."),
)


async def get_settings(context: Context) -> Answer:
    """The record. What the page to sign in shows is open to all, the rest to those who may change it."""
    whole = context.application.access.holds(context.principal, SNIPPET)
    query = Query(fields=None if whole else _PUBLIC)
    repository = context.application.repository
    return Answer(await repository.find_one("systemSettings", _ONLY, query, scopes=Unrestricted()))


async def update_settings(context: Context) -> Answer:
    """The changed record, as a list."""
    _, values = record(context.params, context.body, plain=False)
    given = {name: value for name, value in as_object(values).items() if name != "id"}
    _check_languages(given)
    rows = await context.application.repository.update(
        "systemSettings", given, keys=(_ONLY,), scopes=Unrestricted()
    )
    return Answer(rows)


def _check_languages(given: Mapping[str, Any]) -> None:
    languages = given.get("enabledLanguages")
    if languages is None:
        return
    named = isinstance(languages, list) and 0 < len(languages) <= _MAX_LANGUAGES
    if not named or not all(isinstance(item, str) and _LANGUAGE.fullmatch(item) for item in languages):
        raise InvalidAccess(what="enabledLanguages", reason='must be a list of languages such as "en-US"')


def _write(name: str) -> Action:
    return Action(name, update_settings, "snippet", "Change the settings.", snippet=SNIPPET, writes=True)


class SystemSettingsPlugin(Plugin):
    """One record, which everyone may read and administrators may change."""

    name = "system-settings"
    title = "System settings"
    description = "Title, logo and languages of the application."
    collections = (SYSTEM_SETTINGS,)
    resources = (
        Resource(
            "systemSettings",
            (
                Action("get", get_settings, "public", "Get the settings."),
                _write("update"),
                _write("put"),
            ),
            "System settings",
        ),
    )

    async def install(
        self, application: Application, transaction: Transaction, root: RootUser | None
    ) -> None:
        """The record, with what the application was made with."""
        options = application.options
        values = {
            "id": _ONLY,
            "title": options.display_name or application.name,
            "appLang": options.lang,
            "enabledLanguages": [options.lang],
        }
        await application.repository.create("systemSettings", values, scopes=Unrestricted(), on=transaction)
