"""What an application is told of where it runs."""

from pathlib import Path
from typing import Any, cast

import pytest

from insula.application.errors import FileNotShared
from insula.fleet.configuration import Configuration
from insula.server.applications import ApplicationSteps, Around, application_options
from insula.server.declared import Settings
from insula.server.host import Host


def host(folder: Path, **given: Any) -> Host:
    return Host(Settings(storage_path=str(folder), **given), folder, makes=True)


async def test_a_file_is_not_for_several_environments(tmp_path: Path) -> None:
    shop = Configuration("shop", "a stamp", database={"dialect": "sqlite"}, environments=("env_a", "env_b"))
    steps = ApplicationSteps(host(tmp_path), shop, cast(Around, None))
    with pytest.raises(FileNotShared, match=r"shop\.sqlite.*PostgreSQL"):
        await steps.prepare()
    assert not (tmp_path / "apps").exists()


@pytest.mark.parametrize(
    ("environments", "beside"),
    [((), ()), (("env_b",), ()), (("env_a", "env_b", "env_c"), ("env_a", "env_c"))],
)
def test_an_application_knows_where_else_it_runs(
    tmp_path: Path, environments: tuple[str, ...], beside: tuple[str, ...]
) -> None:
    async def vouch(token: str) -> Any:
        raise AssertionError(token)

    shop = Configuration("shop", "a stamp", environments=environments)
    options = application_options(host(tmp_path, environment_name="env_b"), shop, vouch)
    assert (options.environment, options.beside) == ("env_b", beside)
    assert application_options(host(tmp_path), Configuration("shop", ""), vouch).environment == "local"
