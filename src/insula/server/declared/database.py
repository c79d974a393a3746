"""The database of the main application, and how much of its server is used."""

from functools import partial
from typing import Annotated, Literal

from insula.server.declared.addresses import Addresses
from insula.server.declared.words import meta

_GROUP = "Database"
_meta = partial(meta, group=_GROUP)


class Database(Addresses, frozen=True, kw_only=True):
    """The database of the main application, and how much of its server is used."""

    db_dialect: Annotated[
        Literal["sqlite", "postgres", "mariadb", "mysql"],
        _meta(
            "The kind of database of the main application.",
            "sqlite, postgres, mariadb or mysql",
            "postgres",
        ),
    ] = "sqlite"
    db_host: Annotated[
        str | None,
        _meta(
            "The host of the database server, or (begins with `/`) the folder of its unix socket; `localhost` when not set.",
            "a host name",
            "localhost",
            min_length=1,
        ),
    ] = None
    db_port: Annotated[
        int | None,
        _meta(
            "The port of the database server; when not set, 5432 of PostgreSQL, 3306 of MariaDB and MySQL.",
            "a number between 1 and 65535",
            "5432",
            ge=1,
            le=65535,
        ),
    ] = None
    db_database: Annotated[
        str | None,
        _meta(
            "The name of the database, which is created when it is missing and the role may.",
            "a name of at most 63 bytes",
            "insula",
            min_length=1,
            max_length=63,
        ),
    ] = None
    db_user: Annotated[
        str | None,
        _meta("The role to connect as.", "a name", "insula", min_length=1),
    ] = None
    db_password: Annotated[
        str | None,
        _meta("The password of the role.", "a password", "correct-horse-battery", secret=True),
    ] = None
    db_schema: Annotated[
        str | None,
        _meta(
            "The schema for the main application's tables, on PostgreSQL; `public` when not set.",
            "a name of at most 63 bytes",
            "insula",
            min_length=1,
            max_length=63,
        ),
    ] = None
    db_storage: Annotated[
        str | None,
        _meta(
            "The file of the SQLite database; `main.sqlite` in the storage folder when not set.",
            "the path of a file",
            "storage/main.sqlite",
            min_length=1,
        ),
    ] = None
    insula_db_connections: Annotated[
        int,
        _meta(
            "Connections that this process opens at most to one database server, from 4 on.",
            "a number between 4 and 1000",
            "50",
            ge=4,
            le=1000,
        ),
    ] = 50
    insula_db_statement_timeout_s: Annotated[
        float,
        _meta(
            "Seconds after which a running statement is ended.",
            "a number of seconds between 0.1 and 3600",
            "30",
            ge=0.1,
            le=3600,
        ),
    ] = 30.0
    insula_wait_timeout_s: Annotated[
        float,
        _meta(
            "Seconds for which a start waits for a database or a Redis that does not answer.",
            "a number of seconds between 0 and 3600",
            "60",
            ge=0,
            le=3600,
        ),
    ] = 60.0
