"""Settings of plugins."""

from typing import Annotated, Any, Literal

import msgspec
import pytest

from insula.application.errors import InvalidSetting, InvalidSettings, PluginCycle, UnknownPlugin
from insula.application.plugin import Plugin
from insula.application.plugin_settings import change_settings, read_settings, shown_settings
from insula.application.registry import Registry
from insula.application.secrets import MasterKey
from insula.core.translation import TRANSLATED, in_language


class MailSettings(msgspec.Struct, frozen=True, rename="camel"):
    host: str = "localhost"
    port_number: Annotated[int, msgspec.Meta(ge=1, le=65535)] = 25
    password: Annotated[str, msgspec.Meta(extra={"secret": True})] = ""


class Mail(Plugin):
    name = "mail"
    title = description = "Mail"
    settings = MailSettings


SECRETS, _ = MasterKey("k" * 32).new_secrets("one")


def test_defaults_and_changes() -> None:
    plugin = Mail()
    assert read_settings(plugin, {}, SECRETS) == MailSettings()
    kept = change_settings(plugin, {}, {"host": "mail", "portNumber": 587}, SECRETS)
    assert read_settings(plugin, kept, SECRETS) == MailSettings("mail", 587)
    assert change_settings(plugin, kept, {"host": None}, SECRETS) == {"portNumber": 587}


def test_secrets_are_sealed_and_hidden() -> None:
    plugin = Mail()
    kept = change_settings(plugin, {}, {"password": "hunter22"}, SECRETS)
    assert "hunter22" not in str(kept)
    settings = read_settings(plugin, kept, SECRETS)
    assert settings == MailSettings(password="hunter22")
    assert shown_settings(plugin, settings)["password"] == "***"
    assert change_settings(plugin, kept, {"password": "***"}, SECRETS) == kept
    assert shown_settings(plugin, MailSettings())["password"] == ""


@pytest.mark.parametrize("given", [{"portNumber": 0}, {"portNumber": "x"}, {"none": 1}, {"password": 5}])
def test_what_does_not_fit_is_refused(given: dict[str, object]) -> None:
    with pytest.raises(InvalidSettings):
        change_settings(Mail(), {}, given, SECRETS)


class Inner(msgspec.Struct, frozen=True):
    size: int


class OddSettings(msgspec.Struct, frozen=True, rename="camel"):
    whole: Annotated[int, msgspec.Meta(ge=1, le=9, multiple_of=2)] = 2
    part: Annotated[float, msgspec.Meta(gt=1, lt=9)] = 2
    short_text: Annotated[str, msgspec.Meta(min_length=2, max_length=3, pattern="^a")] = "ab"
    word: Literal["on", "off"] = "on"
    perhaps: int | None = None
    either: int | str = 1
    flag: bool = True
    items: Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=2)] = ("a",)
    inner: Inner | None = None
    named: dict[str, int] = {}


class Odd(Plugin):
    name = "odd"
    title = description = "Odd"
    settings = OddSettings


@pytest.mark.parametrize(
    ("name", "value", "setting", "reason"),
    [
        ("whole", 0, "whole", "must be at least 1"),
        ("whole", 11, "whole", "must be at most 9"),
        ("whole", 3, "whole", "must be a multiple of 2"),
        ("whole", "x", "whole", "must be a whole number"),
        ("perhaps", "x", "perhaps", "must be a whole number"),
        ("part", 1, "part", "must be more than 1.0"),
        ("part", 9, "part", "must be less than 9.0"),
        ("part", "x", "part", "must be a number"),
        ("shortText", "a", "shortText", "needs at least 2 characters"),
        ("shortText", "abcd", "shortText", "is longer than 3 characters"),
        ("shortText", "bc", "shortText", "must fit the pattern ^a"),
        ("shortText", 5, "shortText", "must be text"),
        ("word", "in\nbetween", "word", "must be one of its options"),
        ("flag", 1, "flag", "must be true or false"),
        ("items", "x", "items", "must be a list"),
        ("items", [], "items", "needs at least 1 elements"),
        ("items", ["a", "b", "c"], "items", "must not have more than 2 elements"),
        ("items", ["a", 1], "items[1]", "must be text"),
        ("inner", 1, "inner", "must be an object"),
        ("inner", {}, "inner", 'lacks "size"'),
        ("inner", {"size": "x"}, "inner.size", "must be a whole number"),
        ("named", {"a": "x"}, "named[...]", "must be a whole number"),
    ],
)
def test_what_does_not_fit_is_told_in_every_language(
    name: str, value: Any, setting: str, reason: str
) -> None:
    with pytest.raises(InvalidSetting) as refused:
        change_settings(Odd(), {}, {name: value}, SECRETS)
    error = refused.value
    assert error.message == f'The setting "{setting}" of the plugin "odd" {reason}.'
    assert (error.details["field"], error.code) == (name, "VALIDATION_ERROR")
    for language in TRANSLATED:
        there = in_language(reason, language)
        assert there != reason and there in error.message_in(language)


def test_what_msgspec_says_otherwise_is_told_as_it_is() -> None:
    with pytest.raises(InvalidSetting) as refused:
        change_settings(Odd(), {}, {"either": []}, SECRETS)
    assert refused.value.details["reason"] == "can not be taken: Expected `int | str`, got `array`"


def plugin(called: str, *needs: str, always: bool = False) -> Plugin:
    class Made(Plugin):
        name = called
        title = description = called
        requires = needs
        required = always

    return Made()


def test_plugins_are_ordered_by_what_they_require() -> None:
    registry = Registry([plugin("a", "c"), plugin("b"), plugin("c", "d"), plugin("d", always=True)])
    assert list(registry.plugins) == ["b", "d", "c", "a"]
    assert registry.required == {"d"}
    assert registry.with_required(["a"]) == {"a", "c", "d"}
    assert registry.with_required([]) == {"d"}
    with pytest.raises(UnknownPlugin):
        registry.get("none")


def test_a_circle_is_refused() -> None:
    with pytest.raises(PluginCycle):
        Registry([plugin("a", "b"), plugin("b", "a")])


def test_what_a_set_offers_is_built_once() -> None:
    registry = Registry([plugin("a"), plugin("b")])
    assert registry.actions(frozenset({"a"})) is registry.actions(frozenset({"a"}))
    assert registry.hooks(frozenset({"a"})) is registry.hooks(frozenset({"a"}))
    assert registry.actions(frozenset({"a"})) is not registry.actions(frozenset({"b"}))
