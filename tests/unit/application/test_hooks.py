"""Hooks: pluggy calls them, and what one plugin raises concerns that plugin alone."""

from collections.abc import Generator
from typing import Any

import pytest

from insula.application.hooks import hook
from insula.application.hooks_guard import call
from insula.application.plugin import Plugin
from insula.application.registry import Registry


def plugins(calls: list[str]) -> Registry:
    class First(Plugin):
        name = "a"

        @hook
        def plugin_switched(self, plugin: str) -> None:
            calls.append(f"a {plugin}")
            raise RuntimeError("no a today")

    class Second(Plugin):
        name = "b"

        @hook(tryfirst=True)
        def plugin_switched(self, enabled: bool, plugin: str) -> None:
            calls.append(f"b {plugin} {enabled}")

    class Around(Plugin):
        name = "c"
        breaks = ""

        @hook(wrapper=True)
        def plugin_switched(self) -> Generator[None, Any, Any]:
            calls.append("before")
            if self.breaks == "before":
                raise RuntimeError("no before")
            result = yield
            calls.append("after")
            if self.breaks == "after":
                raise RuntimeError("no after")
            return result

    return Registry([First(), Second(), Around()])


def called(registry: Registry) -> list[tuple[str, str]]:
    """Call the hook, and give the names of the plugins that failed with what they said."""
    arguments = {"application": object(), "plugin": "x", "enabled": True}
    failures = call(registry.hooks(frozenset("abc")), "plugin_switched", arguments)
    return [(plugin, str(error)) for plugin, error in failures]


def test_order_and_wrappers_are_those_of_pluggy_and_a_failure_stops_no_other() -> None:
    calls: list[str] = []
    assert called(plugins(calls)) == [("a", "no a today")]
    assert calls == ["before", "b x True", "a x", "after"]


@pytest.mark.parametrize(
    ("breaks", "seen"),
    [("before", ["before", "b x True", "a x"]), ("after", ["before", "b x True", "a x", "after"])],
)
def test_a_wrapper_that_fails_stops_no_other_either(breaks: str, seen: list[str]) -> None:
    calls: list[str] = []
    registry = plugins(calls)
    registry.get("c").breaks = breaks  # type: ignore[attr-defined]
    assert ("c", f"no {breaks}") in called(registry)
    assert calls == seen
