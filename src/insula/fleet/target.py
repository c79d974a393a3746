"""Where a request goes: what the gateway is told about an application."""

from dataclasses import dataclass

from insula.fleet.lifecycle import Status, Wanted


@dataclass(frozen=True, slots=True)
class Target:
    """One application as the directory knows it."""

    application: str
    status: Status
    wanted: Wanted
    display_name: str = ""
    share_session: bool = False
    """People who are signed in to main are let in: its requests keep main's cookies."""
    certain: bool = True
    """There is such an application; else nobody can say yet, and nothing is kept of what a stranger has made up."""
