"""Where the database of an application is, or will be: what its configuration says, and main's service for the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from insula.database.options import DatabaseOptions
from insula.fleet.configuration import Configuration

APPLICATIONS: Final = "apps"
"""The folder in the storage folder where each application has one of its own."""
_SQLITE: Final = "sqlite"
_SERVICE: Final = {"host": "host", "port": "port", "username": "user", "password": "password"}
"""What says where a server is and who asks: name in a configuration → in the options."""


def place(configuration: Configuration, main: DatabaseOptions, folder: Path) -> DatabaseOptions:
    """``main`` is where the main application's database is, ``folder`` the storage folder.

    What is made bears the application's name where no other is given; - is _ in names of databases and schemas.
    """
    given = {key: value for key, value in configuration.database.items() if value is not None}
    name = configuration.application
    if given.get("dialect", main.dialect) == _SQLITE:
        storage = given.get("storage") or Path(APPLICATIONS, name, f"{name}.sqlite")
        return DatabaseOptions(
            _SQLITE, storage=folder / storage, statement_timeout_s=main.statement_timeout_s
        )
    options = _service(given, main)
    own = name.replace("-", "_")
    if configuration.connection == "new_database":
        return replace(options, database=given.get("database") or own, schema=None)
    database = given.get("database") or options.database
    schema = given.get("schema") or (own if configuration.connection == "new_schema" else None)
    return replace(options, database=database, schema=schema)


def _service(given: Mapping[str, Any], main: DatabaseOptions) -> DatabaseOptions:
    """The server: main's, unless another is named; its user and password are for itself alone."""
    dialect = given.get("dialect", main.dialect)
    asked = DatabaseOptions(dialect, host=given.get("host", main.host), port=given.get("port", main.port))
    if asked.server == main.server:
        base = main
    else:
        base = DatabaseOptions(dialect, statement_timeout_s=main.statement_timeout_s)
    said = {option: given[key] for key, option in _SERVICE.items() if key in given}
    return replace(base, **said)


def as_kept(
    application: str, database: Mapping[str, Any], main: DatabaseOptions, folder: Path
) -> dict[str, Any]:
    """An address without what is main's own, which may change: its server and user, and the storage folder.

    ``database`` as it stands in a configuration, without the password.
    """
    if database.get("dialect", main.dialect) == _SQLITE:
        storage = database.get("storage")
        return {
            **database,
            **({"storage": str(_within(folder, Path(storage), application))} if storage else {}),
        }
    asked = _service(database, main)
    if (asked.server, asked.user) != (main.server, main.user):
        return dict(database)
    return {key: value for key, value in database.items() if key not in _SERVICE}


def _within(folder: Path, file: Path, application: str) -> Path:
    """A file of the storage folder, from there: also one of a folder that was moved since, where it is its own."""
    if not file.is_absolute():
        return file
    if file.is_relative_to(folder.absolute()):
        return file.relative_to(folder.absolute())
    own = Path(APPLICATIONS, application, file.name)
    moved = file.match(str(own)) and not file.exists() and (folder / own).is_file()
    return own if moved else file


def address(options: DatabaseOptions) -> dict[str, Any]:
    """Options as they stand in a configuration; JSON."""
    if options.storage is not None:
        return {"dialect": options.dialect, "storage": str(options.storage)}
    return {
        "dialect": options.dialect,
        "host": options.host,
        "port": options.port,
        "username": options.user,
        "password": options.password,
        "database": options.database,
        "schema": options.schema,
    }
