"""A process in which everything seems to run that runs in some environment: whatever is asked of it says "forward"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from insula.fleet.process.base import AsgiApp, Receive, Scope, Send
    from insula.fleet.target import Target
    from insula.gateway.course import Where
    from insula.gateway.entry import PageHandler
    from insula.gateway.selector import Choice

FORWARD: Final = "insula.forward"
"""Set in a scope whose request is to be forwarded."""


class Elsewhere:
    """Runs what runs in some environment."""

    def __init__(self, where: Where) -> None:
        self._where = where

    def running(self, application: str) -> AsgiApp | None:
        """See ``ProcessAdapter.running``."""
        return None if self._where(application, "") is None else _forward


class PagesElsewhere:
    """A ``PageHandler``: pages of what runs in some environment are that environment's, which may be of another version;
    ``pages`` has all others."""

    def __init__(self, pages: PageHandler, where: Where) -> None:
        self._pages = pages
        self._where = where
        self.wakes = pages.wakes
        self.is_of_all = pages.is_of_all
        self.send_file = pages.send_file
        self.refuse = pages.refuse

    async def __call__(
        self, choice: Choice, target: Target | None, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """See ``PageHandler.__call__``."""
        if self._where(choice.application, "") is None:
            await self._pages(choice, target, scope, receive, send)
        else:
            await _forward(scope, receive, send)


async def _forward(scope: Scope, receive: Receive, send: Send) -> None:
    scope[FORWARD] = True
