"""A whole installation on as few connections to its database server as there may be: never one more, and none stuck."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
import sqlalchemy as sa

from insula.core.ids import random_id
from insula.database.budget import ConnectionBudget
from insula.database.engine import open_database
from insula.database.options import DatabaseOptions
from insula.database.statement import plain
from insula.testing import servers
from insula.testing.instance import Instance, database_settings

FEWEST: Final = 4
ROWS: Final = 600
"""More than one batch of an export, each of which looks up what is appended."""
EXPORTS: Final = 4
AT_ONCE: Final = 12
WITHIN_S: Final = 60.0
"""For one answer: whoever is stuck gets one only after half a minute that says so."""
PASSWORD: Final = "secret"
COUNT: Final = {
    "postgres": sa.text("SELECT count(*) AS n FROM pg_stat_activity WHERE usename = :v_user"),
    "mariadb": sa.text("SELECT COUNT(*) AS n FROM information_schema.PROCESSLIST WHERE USER = :v_user"),
}
ROLE: Final = {
    "postgres": (f"CREATE ROLE {{user}} LOGIN CREATEDB PASSWORD '{PASSWORD}'",),
    "mariadb": (
        f"CREATE USER {{user}}@'%' IDENTIFIED BY '{PASSWORD}'",
        "GRANT ALL PRIVILEGES ON *.* TO {user}@'%'",
    ),
}
WAYS: Final = {"postgres": ("new_database", "new_schema"), "mariadb": ("new_database",)}


class Watch:
    """Makes a role of the server, and looks all the time how many connections it has."""

    def __init__(self, dialect: str, server: servers.Server) -> None:
        self.user = f"few_{random_id(8)}"
        self.most = 0
        self._dialect = dialect
        self._options = DatabaseOptions(
            dialect,
            host=server.host,
            port=server.port,
            user=server.user,
            password=server.password,
            database={"postgres": "postgres", "mariadb": "mysql"}[dialect],
        )
        self._ready, self._over = threading.Event(), threading.Event()

    def run(self) -> None:
        asyncio.run(self._look())

    @contextmanager
    def looking(self) -> Iterator[None]:
        with ThreadPoolExecutor(1) as pool:
            looking = pool.submit(self.run)
            try:
                self._ready.wait(WITHIN_S)
                yield
            finally:
                self._over.set()
                looking.result(WITHIN_S)

    async def _look(self) -> None:
        database = open_database(self._options, ConnectionBudget())
        try:
            for text in ROLE[self._dialect]:
                await database.execute(plain(text.format(user=self.user)), {})
            self._ready.set()
            count = database.compile(COUNT[self._dialect])
            while not self._over.is_set():
                (row,) = await database.fetch(count, {"v_user": self.user})
                self.most = max(self.most, row["n"])
        finally:
            self._ready.set()
            await database.close()


class Busy:
    """Work at an installation, each piece of which can be done beside all others."""

    def __init__(self, instance: Instance, client: httpx.Client) -> None:
        self.instance = instance
        self.client = client

    def furnish(self) -> None:
        """Books with authors, to export."""
        self.done("collections:create", {"name": "authors", "fields": [{"name": "name", "type": "string"}]})
        author = {"name": "author", "type": "belongsTo", "target": "authors", "foreignKey": "authorId"}
        self.done(
            "collections:create", {"name": "books", "fields": [{"name": "title", "type": "string"}, author]}
        )
        self.done("authors:create", [{"name": f"author {number}"} for number in range(ROWS)])
        books = [{"title": f"book {number}", "author": number + 1} for number in range(ROWS)]
        self.done("books:create", books)

    def done(self, action: str, body: Any = None, **parameters: Any) -> Any:
        heard = self.client.post(f"/{action}", json=body, params=parameters)
        assert heard.status_code == 200, heard.text
        return heard.json()["data"]

    def live(self, name: str, way: str) -> None:
        """Make an application, visit it, take it down and up again, put it to sleep and wake it."""
        made = self.done("applications:create", {"name": name, "options": {"dbConnType": way}})
        ended = self.instance.wait_for_job(self.client, made["jobId"], timeout_s=WITHIN_S)
        assert ended["status"] == "succeeded", ended
        for verb in ("stop", "start", "sleep"):
            self.done(f"applications:{verb}", filterByTk=name)
        self.visit(name)

    def visit(self, name: str) -> None:
        heard = self.client.get(f"/__app/{name}/app:getInfo")
        assert heard.status_code == 200, heard.text

    def read(self) -> None:
        for _ in range(20):
            for action in ("applications:list", "books:list?appends=author", "jobs:list"):
                assert self.client.get(f"/{action}").status_code == 200

    def export(self) -> None:
        heard = self.client.get("/books:export", params={"fields": "title", "appends": "author"})
        assert heard.status_code == 200, heard.text
        assert len(heard.text.splitlines()) == ROWS + 1


@pytest.mark.parametrize("dialect", ["postgres", "mariadb"])
def test_everything_at_once_on_the_fewest_connections(
    dialect: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    server: servers.Server = request.getfixturevalue({"postgres": "postgresql"}.get(dialect, dialect))
    watch = Watch(dialect, server)
    settings = {
        **database_settings(server, f"main_{watch.user}", dialect),
        "DB_USER": watch.user,
        "DB_PASSWORD": PASSWORD,
        "INSULA_DB_CONNECTIONS": str(FEWEST),
    }
    with watch.looking(), Instance(tmp_path / "s", settings) as instance:
        instance.start()
        with instance.sign_in() as client, ThreadPoolExecutor(AT_ONCE) as pool:
            client.timeout = httpx.Timeout(WITHIN_S)
            busy = Busy(instance, client)
            busy.furnish()
            working = [
                pool.submit(busy.live, f"{watch.user}_{number}", way)
                for way in WAYS[dialect]
                for number in ({"new_database": "ab", "new_schema": "cd"}[way])
            ]
            working += [pool.submit(busy.export) for _ in range(EXPORTS)]
            working += [pool.submit(busy.read) for _ in range(2)]
            for work in working:
                work.result()
        assert instance.stop() == 0
        assert "Traceback" not in instance.log
        assert "became free within" not in instance.log
    assert 1 < watch.most <= FEWEST


def test_fewer_are_refused_with_a_sentence(tmp_path: Path) -> None:
    with Instance(tmp_path / "s", {"INSULA_DB_CONNECTIONS": str(FEWEST - 1)}) as instance:
        assert instance.begin().wait(servers.START_TIMEOUT_S) != 0
        assert "INSULA_DB_CONNECTIONS" in instance.log
        assert "a number between 4 and 1000" in instance.log
        assert "Traceback" not in instance.log
