"""The settings of a plugin for one application: read from what is kept, checked, sealed where secret.

A field is secret when its type says so: ``Annotated[str, msgspec.Meta(extra={"secret": True})]``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, get_args

import msgspec
import orjson

from insula.application.errors import InvalidSettings
from insula.application.plugin import Plugin
from insula.application.secrets import Secrets
from insula.application.wrong_settings import wrong_settings

HIDDEN: Final = "***"
"""What is answered for a secret that is set; sent back, it means: as it was."""


def read_settings(plugin: Plugin, kept: Mapping[str, Any], secrets: Secrets) -> msgspec.Struct:
    """The plugin's settings: its defaults, and over them what is kept. Raises ``InvalidSettings``, ``SealBroken``."""
    opened = dict(kept)
    for name in secret_fields(plugin):
        if isinstance(opened.get(name), str):
            opened[name] = orjson.loads(secrets.open(opened[name], _purpose(plugin, name)))
    return _checked(plugin, opened)


def change_settings(
    plugin: Plugin, kept: Mapping[str, Any], given: Mapping[str, Any], secrets: Secrets
) -> dict[str, Any]:
    """What is to be kept once ``given`` is laid over ``kept``; ``None`` takes a setting back to its default.

    Raises ``InvalidSettings``.
    """
    known = {field.encode_name for field in msgspec.structs.fields(plugin.settings)}
    for name in given:
        if name not in known:
            raise InvalidSettings(plugin=plugin.name, reason=f'there is no setting "{str(name)[:60]}"')
    secret = secret_fields(plugin)
    changed = dict(kept)
    plain: dict[str, Any] = {}
    for name, value in given.items():
        if name in secret and value == HIDDEN:
            continue
        if value is None:
            changed.pop(name, None)
        else:
            plain[name] = value
            changed[name] = (
                secrets.seal(orjson.dumps(value), _purpose(plugin, name)) if name in secret else value
            )
    _checked(plugin, {**{name: value for name, value in changed.items() if name not in secret}, **plain})
    read_settings(plugin, changed, secrets)
    return changed


def shown_settings(plugin: Plugin, settings: msgspec.Struct) -> dict[str, Any]:
    """Settings as they may be answered: secrets hidden."""
    built: dict[str, Any] = msgspec.to_builtins(settings)
    for name in secret_fields(plugin):
        if built.get(name):
            built[name] = HIDDEN
    return built


def secret_fields(plugin: Plugin) -> frozenset[str]:
    """Names of the settings that are sealed at rest and never answered."""
    return frozenset(
        field.encode_name
        for field in msgspec.structs.fields(plugin.settings)
        if any(
            isinstance(part, msgspec.Meta) and (part.extra or {}).get("secret")
            for part in get_args(field.type)
        )
    )


def _purpose(plugin: Plugin, name: str) -> str:
    return f"setting {name} of {plugin.name}"


def _checked(plugin: Plugin, values: Mapping[str, Any]) -> msgspec.Struct:
    try:
        return msgspec.convert(dict(values), plugin.settings)
    except ValueError as error:  # of msgspec, and what the plugin's own checks of its struct raise
        raise wrong_settings(plugin.name, str(error)) from None
