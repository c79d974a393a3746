"""Where databases of applications are: what is said of them, and main's service for the rest."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from insula.database.options import DatabaseOptions
from insula.fleet.configuration import Configuration, Connection
from insula.server.places import as_kept, place

FOLDER = Path("/storage")
FILE = DatabaseOptions("sqlite", storage=FOLDER / "main.sqlite", statement_timeout_s=3)
SERVER = DatabaseOptions(
    "postgres", host="db", port=5433, database="insula", user="i", password="p", schema="main"
)


def placed(main: DatabaseOptions, connection: Connection, **database: Any) -> DatabaseOptions:
    return place(Configuration("my-shop", "1", connection=connection, database=database), main, FOLDER)


def test_a_file_of_its_own() -> None:
    made = placed(FILE, "new_database")
    assert (made.dialect, made.storage) == ("sqlite", FOLDER / "apps/my-shop/my-shop.sqlite")
    assert made.statement_timeout_s == 3
    assert (
        placed(SERVER, "new_database", dialect="sqlite", storage="x/y.sqlite").storage
        == FOLDER / "x/y.sqlite"
    )
    assert placed(FILE, "new_connection", storage="/else/where.sqlite").storage == Path("/else/where.sqlite")


def test_a_database_or_schema_on_mains_server_by_mains_user() -> None:
    made = placed(SERVER, "new_database")
    assert (made.host, made.port, made.user, made.password) == ("db", 5433, "i", "p")
    assert (made.database, made.schema) == ("my_shop", None)
    made = placed(SERVER, "new_schema")
    assert (made.database, made.schema) == ("insula", "my_shop")
    made = placed(SERVER, "new_schema", database="others", schema="theirs", username="u", password="w")
    assert (made.host, made.user, made.password) == ("db", "u", "w")
    assert (made.database, made.schema) == ("others", "theirs")


def test_the_same_server_is_known_by_its_usual_port() -> None:
    main = replace(SERVER, port=None)
    assert placed(main, "new_database", host="db", port=5432).password == "p"
    assert placed(main, "new_database", host="db", port=5433).password == ""


@pytest.mark.parametrize(("main", "given"), [(SERVER, {}), (FILE, {"dialect": "postgres"})])
def test_another_server_is_never_shown_mains_password(main: DatabaseOptions, given: dict[str, str]) -> None:
    made = placed(main, "new_database", host="elsewhere", **given)
    assert (made.host, made.port, made.user, made.password) == ("elsewhere", None, "insula", "")
    made = placed(main, "new_connection", host="elsewhere", port=1, username="u", password="w", **given)
    assert (made.port, made.user, made.password, made.schema) == (1, "u", "w", None)


@pytest.mark.parametrize(
    ("main", "before", "after"),
    [
        (SERVER, {"dialect": "postgres", "host": "db", "port": 5433, "username": "i", "database": "shop"},
         {"dialect": "postgres", "database": "shop"}),
        (SERVER, {"host": "db", "port": 5433, "username": "u", "schema": "s"}, None),
        (SERVER, {"host": "db", "port": 5432, "username": "i"}, None),
        (SERVER, {"dialect": "mariadb", "host": "db", "port": 5433, "username": "i"}, None),
        (FILE, {"dialect": "postgres", "host": "db", "username": "i"}, None),
        (SERVER, {"username": "u", "database": "shop"}, None),
        (SERVER, {"database": "shop"}, None),
        (SERVER, {"dialect": "sqlite", "storage": "/storage/x/y.sqlite"},
         {"dialect": "sqlite", "storage": "x/y.sqlite"}),
        (FILE, {"dialect": "sqlite", "storage": "apps/my-shop/my-shop.sqlite"}, None),
        (FILE, {"dialect": "sqlite", "storage": "/else/apps/my-shop/my-shop.sqlite"}, None),
        (FILE, {}, None),
    ],
)  # fmt: skip
def test_what_is_mains_own_is_not_kept(
    main: DatabaseOptions, before: dict[str, Any], after: dict[str, Any] | None
) -> None:
    """And what is kept leads to the same place."""
    kept = as_kept("my-shop", before, main, FOLDER)
    assert kept == (before if after is None else after)
    assert as_kept("my-shop", kept, main, FOLDER) == kept
    assert placed(main, "new_connection", **kept) == placed(main, "new_connection", **before)


def test_a_file_of_a_folder_that_was_moved_is_found_again_where_it_is_its_own(tmp_path: Path) -> None:
    file = tmp_path / "now" / "apps" / "shop" / "shop.sqlite"
    file.parent.mkdir(parents=True)
    file.touch()
    before = tmp_path / "before" / "apps" / "shop" / "shop.sqlite"

    def kept(name: str = "shop") -> Any:
        return as_kept(name, {"dialect": "sqlite", "storage": str(before)}, FILE, tmp_path / "now")["storage"]

    assert kept() == "apps/shop/shop.sqlite"
    assert kept("blog") == str(before)
    before.parent.mkdir(parents=True)
    before.touch()
    assert kept() == str(before)
