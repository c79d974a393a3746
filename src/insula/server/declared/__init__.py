"""Every setting that Insula has: name, type, default, and the sentences that go with it.

One module for each group. A struct has one base only, so each group goes on from the one before, and the order is
that of the reference page.

The field ``db_port`` is the variable ``DB_PORT``. Adding a setting is adding a field to its group; reading it from
the environment, ``insula settings check`` and the reference page follow from the declaration.
"""

from types import NoneType
from typing import Annotated, Any, get_args

import msgspec

from insula.server.declared.mode import Mode


class Settings(Mode, frozen=True, kw_only=True):
    """The settings of one process, converted and checked."""


ALIASES = {"APP_COMMAND_ADPATER": "APP_COMMAND_ADAPTER"}
"""Misspelt in some translations of the peer's documentation, and so in people's compose files."""

VALUE_ALIASES = {
    "LOGGER_LEVEL": {"warn": "warning"},
    "DB_DIALECT": {"postgresql": "postgres"},
    "APP_MODE": {"none": "single"},
}
"""Other words for a value, understood in silence."""

CASELESS = frozenset({"LOGGER_LEVEL", "INSULA_LOG_FORMAT", "INSULA_ACCESS_LOG"})
"""Settings whose upper and lower case are the same."""


class Declaration(msgspec.Struct, frozen=True):
    """One setting, as declared above."""

    name: str
    """``DB_PORT``."""
    field: str
    """``db_port``."""
    kind: Any
    default: Any
    about: str
    say: str
    example: str
    secret: bool
    group: str


def _declaration(field: msgspec.structs.FieldInfo) -> Declaration:
    (meta,) = field.type.__metadata__
    declared = field.type.__origin__
    # Limits belong to the value; that a setting may be absent is not the value's business.
    kinds = (
        [kind for kind in get_args(declared) if kind is not NoneType]
        if NoneType in get_args(declared)
        else [declared]
    )
    return Declaration(
        name=field.name.upper(),
        field=field.name,
        kind=Annotated[kinds[0], meta],
        default=field.default,
        about=meta.description,
        say=meta.extra["say"],
        example=meta.examples[0],
        secret=meta.extra["secret"],
        group=meta.extra["group"],
    )


DECLARED: dict[str, Declaration] = {
    field.name.upper(): _declaration(field) for field in msgspec.structs.fields(Settings)
}
"""All settings by the name of their variable, in the order of the reference page."""
