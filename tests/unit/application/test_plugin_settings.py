"""Settings of plugins."""

from typing import Annotated

import msgspec
import pytest

from insula.application.errors import InvalidSettings, PluginCycle, UnknownPlugin
from insula.application.plugin import Plugin
from insula.application.plugin_settings import change_settings, read_settings, shown_settings
from insula.application.registry import Registry
from insula.application.secrets import MasterKey


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
