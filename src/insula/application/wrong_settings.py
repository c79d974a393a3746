"""What msgspec says of a value that does not fit, in words of ours, which are there in all languages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from insula.application.errors import InvalidSetting, InvalidSettings

_PLACE: Final = re.compile(r" - at (`key` in )?`\$\.?(?P<place>[^`]*)`$")
"""Where msgspec says that something is wrong."""
_OF_TYPE: Final[Mapping[str, str]] = {
    "int": "must be a whole number",
    "float": "must be a number",
    "str": "must be text",
    "bool": "must be true or false",
    "array": "must be a list",
    "object": "must be an object",
}
_OTHER_TYPE: Final = re.compile(r"Expected `(?P<wanted>\w+)( \| null)?`, got `\w+`")
_KNOWN: Final = (
    (re.compile(r"Expected `\w+` >= (\S+)"), "must be at least {least}"),
    (re.compile(r"Expected `\w+` <= (\S+)"), "must be at most {most}"),
    (re.compile(r"Expected `\w+` > (\S+)"), "must be more than {bound}"),
    (re.compile(r"Expected `\w+` < (\S+)"), "must be less than {bound}"),
    (re.compile(r"Expected `\w+` that's a multiple of (\S+)"), "must be a multiple of {step}"),
    (re.compile(r"Expected `str` of length >= (\d+)"), "needs at least {shortest} characters"),
    (re.compile(r"Expected `str` of length <= (\d+)"), "is longer than {longest} characters"),
    (re.compile(r"Expected `str` matching regex '(.*)'", re.DOTALL), "must fit the pattern {pattern}"),
    (re.compile(r"Expected `(?:array|object)` of length >= (\d+)"), "needs at least {least} elements"),
    (
        re.compile(r"Expected `(?:array|object)` of length <= (\d+)"),
        "must not have more than {most} elements",
    ),
    (re.compile(r"Invalid enum value .*", re.DOTALL), "must be one of its options"),
    (re.compile(r"Object missing required field `(.*)`"), 'lacks "{name}"'),
)
"""Its sentences, without the place, and what is said in their place: with their one detail, where they have one."""


def wrong_settings(plugin: str, said: str) -> InvalidSettings:
    """The error for a sentence of msgspec, or of the plugin's own check of its settings."""
    if (found := _PLACE.search(said)) is None or not (place := found["place"]):
        return InvalidSettings(plugin=plugin, reason=said)
    said = said[: found.start()]
    field = re.match(r"\w+", place)
    details = {"field": field[0]} if field else {}
    return InvalidSetting(plugin=plugin, setting=place, reason=_reason(said), **details)


def _reason(said: str) -> str:
    other = _OTHER_TYPE.fullmatch(said)
    if other is not None and other["wanted"] in _OF_TYPE:
        return _OF_TYPE[other["wanted"]]
    for form, template in _KNOWN:
        if (found := form.fullmatch(said)) is not None:
            name = re.search(r"\{(\w+)\}", template)
            return template.format_map({name[1]: found[1]}) if name else template
    return f"can not be taken: {said}"
