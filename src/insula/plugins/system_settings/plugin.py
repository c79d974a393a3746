"""What all pages of an application show: one record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from insula.application.api.action import Action, Answer, Context, Resource
from insula.application.api.bodies import as_object, record
from insula.application.api.openapi_parts import Schema, answer, json_body, ref
from insula.application.plugin import Migration, Plugin
from insula.core.translation import TAGS
from insula.data.builtin import builtin_collection, builtin_field
from insula.data.query import Query
from insula.data.scope import Unrestricted
from insula.plugins.system_settings.checks import LONGEST_LOGO, MOST_LANGUAGES, checked

if TYPE_CHECKING:
    from insula.application.application import Application
    from insula.application.options import RootUser
    from insula.data.schema_sync import SchemaSync
    from insula.database.executor import Transaction

SNIPPET: Final = "pm.system-settings.system-settings"
_ONLY: Final = 1
"""Number of the one record."""
OF_PAGES: Final = tuple(TAGS.values())
"""Languages that the pages have: people may choose any of them until somebody says otherwise."""
_PUBLIC: Final = ("title", "logo", "color", "appLang", "enabledLanguages")

SYSTEM_SETTINGS: Final = builtin_collection(
    "systemSettings",
    "System settings",
    "What pages show to everybody, and how.",
    builtin_field("id", "bigInt", "Always 1.", primary_key=True),
    builtin_field("title", "string", "Title of all pages."),
    builtin_field("logo", "text", "Address of the logo, or the image itself (data:image/…)."),
    builtin_field("color", "string", "Colour of the pages, such as #4f46e5.", length=7),
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
    given = checked({name: value for name, value in as_object(values).items() if name != "id"})
    rows = await context.application.repository.update(
        "systemSettings", given, keys=(_ONLY,), scopes=Unrestricted()
    )
    return Answer(rows)


async def _nothing(transaction: Transaction, sync: SchemaSync) -> None:
    """The columns were made before; the number says that there are other ones."""


_TEXT: Final[Schema] = {"type": ["string", "null"]}
_SHOWN: Final[Schema] = {
    "title": {**_TEXT, "maxLength": 255},
    "logo": {
        **_TEXT,
        "maxLength": LONGEST_LOGO,
        "description": "An address (https), a path, or an image as data:image/…;base64,….",
    },
    "color": {**_TEXT, "pattern": "^#[0-9A-Fa-f]{6}$"},
    "appLang": {**_TEXT, "description": "Language of those who chose none."},
    "enabledLanguages": {"type": ["array", "null"], "items": {"type": "string"}, "maxItems": MOST_LANGUAGES},
    "options": {"description": "What pages keep here."},
}
_SCHEMAS: Final[Mapping[str, Schema]] = {
    "insula.Settings": {
        "type": "object",
        "required": list(_PUBLIC),
        "properties": {"id": {"type": "integer"}, **_SHOWN},
    }
}
_RECORD: Final[Schema] = ref("schemas", "insula.Settings")
_CHANGE: Final = {
    "requestBody": json_body({"type": "object", "properties": _SHOWN}),
    "responses": answer({"type": "array", "items": _RECORD}),
}


def _write(name: str) -> Action:
    summary = "Change the settings."
    return Action(name, update_settings, "snippet", summary, snippet=SNIPPET, writes=True, openapi=_CHANGE)


class SystemSettingsPlugin(Plugin):
    """One record, which everyone may read and administrators may change."""

    name = "system-settings"
    title = "System settings"
    description = "Title, logo, colour and languages of the application."
    collections = (SYSTEM_SETTINGS,)
    migrations = (Migration(1, "a logo may be an image, and pages have a colour", _nothing),)
    resources = (
        Resource(
            "systemSettings",
            (
                Action(
                    "get",
                    get_settings,
                    "public",
                    "Get the settings.",
                    openapi={"responses": answer(_RECORD)},
                ),
                _write("update"),
                _write("put"),
            ),
            "System settings",
            schemas=_SCHEMAS,
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
            "enabledLanguages": list(dict.fromkeys((options.lang, *OF_PAGES))),
        }
        await application.repository.create("systemSettings", values, scopes=Unrestricted(), on=transaction)
