"""Where plugins are called: each hook is a signature and one sentence.

A plugin implements a hook by a method of the same name marked ``@hook``, with those of the arguments that it
wants. What it raises is logged and turns the plugin off for that application, unless it says otherwise here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from insula.application.application import Application
    from insula.data.changes import Change

PROJECT = "insula"

_spec = pluggy.HookspecMarker(PROJECT)
hook = pluggy.HookimplMarker(PROJECT)
"""Marks the method of a plugin that implements a hook."""


class Hooks:
    """All hooks. They are called on the event loop and return at once; what takes long starts a task."""

    @_spec
    def application_started(self, application: Application) -> None:
        """The application answers requests from now on."""

    @_spec
    def application_stopping(self, application: Application) -> None:
        """The application takes no more requests; those in flight still finish."""

    @_spec
    def records_changed(self, application: Application, change: Change) -> None:
        """Records were written, and the writing is committed."""

    @_spec
    def plugin_switched(self, application: Application, plugin: str, enabled: bool) -> None:
        """A plugin of the application was enabled or disabled."""

    @_spec
    def openapi_document(self, application: Application, document: dict[str, Any]) -> None:
        """Change the OpenAPI document of the application before it is answered."""
