"""Calling hooks so that what one plugin raises concerns that plugin alone.

pluggy does the calling: arguments, order (``tryfirst``, ``trylast``) and wrappers are its own. It sees guards in
place of the plugins' methods, which put what these raise aside until all have been called.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Generator
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

import pluggy

from insula.application.hooks import PROJECT, Hooks

if TYPE_CHECKING:
    from insula.application.plugin import Plugin

_MARK: Final = f"{PROJECT}_impl"

Failures = list[tuple[str, Exception]]
"""Names of plugins, and what they raised."""

_failures: ContextVar[Failures] = ContextVar("failures")
"""Of the call that is under way."""


def call(manager: pluggy.PluginManager, hook: str, arguments: dict[str, Any]) -> Failures:
    """Call a hook of all plugins. Gives those that raised."""
    token = _failures.set([])
    try:
        getattr(manager.hook, hook)(**arguments)
        return _failures.get()
    finally:
        _failures.reset(token)


class Guarded:
    """Stands for a plugin where hooks are called; has its hooks and nothing else."""

    def __init__(self, plugin: Plugin) -> None:
        for name in vars(Hooks):
            method = getattr(plugin, name, None)
            options = getattr(method, _MARK, None)
            if method is not None and options is not None:
                guard = _around if options["wrapper"] else _plain
                # wraps: the marks of the method, and its arguments, go with the guard
                setattr(self, name, functools.wraps(method)(guard(plugin.name, method)))


def _plain(plugin: str, method: Callable[..., None]) -> Callable[..., None]:
    def guarded(*given: Any) -> None:
        try:
            method(*given)
        except Exception as error:  # noqa: BLE001 - told to the one who calls the hook
            _failures.get().append((plugin, error))

    return guarded


def _around(plugin: str, method: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(*given: Any) -> Generator[None, Any, Any]:
        around = method(*given)
        try:
            next(around)
        except Exception as error:  # noqa: BLE001 - told to the one who calls the hook
            _failures.get().append((plugin, error))
            return (yield)
        result = yield
        try:
            around.send(result)
        except StopIteration as end:
            return end.value
        except Exception as error:  # noqa: BLE001 - told to the one who calls the hook
            _failures.get().append((plugin, error))
        return result

    return guarded
