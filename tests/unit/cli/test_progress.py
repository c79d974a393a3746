"""What a command says that ends before the job that it follows."""

from typing import Any, cast

import click
import pytest

from insula.cli.client import Client
from insula.cli.progress import follow
from insula.server.command import command
from insula.server.exits import Exit


class Broken:
    """A client whose calls end as it is told."""

    def __init__(self, application: str, ending: BaseException) -> None:
        self.application = application
        self._ending = ending

    def call(self, path: str) -> Any:
        assert path == "jobs:get/6"
        raise self._ending


@pytest.mark.parametrize(("application", "typed"), [("main", "6"), ("shop", "6 --app shop")])
@pytest.mark.parametrize(
    ("ending", "verb"),
    [
        (KeyboardInterrupt(), "cancel"),
        (click.exceptions.Exit(int(Exit.UNAVAILABLE)), "wait"),
        (click.exceptions.Exit(int(Exit.MISSING)), None),
    ],
)
def test_it_says_how_to_go_on(
    application: str, typed: str, ending: BaseException, verb: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(type(ending)):
        follow(cast(Client, Broken(application, ending)), 6, "Importing", quiet=True)
    said = capsys.readouterr().err
    assert f"“{command()} jobs {verb} {typed}”" in said if verb else said == ""
