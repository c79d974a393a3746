"""Databases for applications, made and dropped from this process."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from insula.application.options import IMPORTS
from insula.core.errors import InsulaError
from insula.core.log_files import LogFiles
from insula.database.budget import ConnectionBudget
from insula.database.dialects import dialect
from insula.database.engine import open_database
from insula.database.options import DatabaseOptions
from insula.database.provision.base import Order, Report
from insula.database.provision.by_dialect import provision
from insula.database.provision.ownership import Stamp, stamp_in
from insula.fleet.configuration import Configuration
from insula.fleet.provisioner.base import Finding, Provisioner
from insula.server.applications import check_stamp
from insula.server.logs import FOLDER
from insula.server.places import APPLICATIONS, address
from insula.server.tables import tables_of

if TYPE_CHECKING:
    from insula.database.dialects.base import Dialect
    from insula.database.provision.template import Template

FINE = "OK"
"""The code of a finding that is none."""
_STATEMENT = re.compile(r"(?:^|: )(?:ALTER|CREATE|GRANT) ")


class LocalProvisioner(Provisioner):
    """Whatever the dialect: the order is read out of the configuration, and what came of it told in the fleet's words."""

    def __init__(
        self,
        *,
        place: Callable[[Configuration], DatabaseOptions],
        main: DatabaseOptions,
        budget: Callable[[DatabaseOptions], ConnectionBudget],
        folder: Path,
        template: Callable[[Dialect], Template],
        first_tables: Callable[[], Sequence[str]],
        installation: Callable[[], str],
    ) -> None:
        """``place`` says where an application's database is or will be; ``folder`` is the one that files are made in;
        ``first_tables`` names those of ``template``.
        """
        self._place = place
        self._main = main
        self._budget = budget
        self._folder = folder
        self._template = template
        self._first_tables = first_tables
        self._installation = installation

    async def check(self, configuration: Configuration, adopt: str | None = None) -> Sequence[Finding]:
        order = self._order(configuration, adopt)
        try:
            report = await provision(order.options.dialect).check(order)
        except InsulaError as error:
            return [_finding(error)]
        return findings(report)

    async def try_connection(self, configuration: Configuration) -> None:
        options = self._place(configuration)
        database = open_database(options, self._budget(options))
        try:
            check_stamp(configuration, await stamp_in(database, options))
        finally:
            await database.close()

    async def prepare(self, configuration: Configuration, adopt: str | None = None) -> Mapping[str, Any]:
        order = self._order(configuration, adopt)
        name = order.options.dialect
        made = await provision(name).prepare(order, self._template(dialect(name)))
        return self._kept(made, configuration)

    def address(self, configuration: Configuration) -> Mapping[str, Any]:
        return address(self._place(configuration))

    async def remove(self, configuration: Configuration) -> None:
        order = self._order(configuration, None)
        name = order.options.dialect
        names: Sequence[str] = ()
        if configuration.connection == "new_connection":
            names = await tables_of(order.options, order.budget, self._first_tables())
        await provision(name).remove(order, names)

    async def forget(self, application: str) -> None:
        # What was logged and sent is no business of whoever gets its name.
        await asyncio.to_thread(LogFiles(self._folder / FOLDER).remove, application)
        await asyncio.to_thread(_clear, self._folder / APPLICATIONS / application)

    def _kept(self, made: DatabaseOptions, configuration: Configuration) -> dict[str, Any]:
        """The address to keep: what nobody has said of the service stays main's, whatever that becomes, and a file in
        the storage folder moves with it."""
        if made.storage is not None and made.storage.is_relative_to(self._folder):
            made = replace(made, storage=made.storage.relative_to(self._folder))
        known = {*configuration.database, "dialect", "storage", "database", "schema"}
        return {key: value for key, value in address(made).items() if key in known}

    def _order(self, configuration: Configuration, adopt: str | None) -> Order:
        options = self._place(configuration)
        return Order(
            Stamp(configuration.application, configuration.stamp),
            configuration.connection,
            options,
            self._main,
            self._budget(options),
            self._folder,
            self._installation(),
            adopt,
        )


def _clear(folder: Path) -> None:
    """Take away the files that wait to be imported, and the folder of an application where nothing else is in it."""
    for path in (folder / IMPORTS).glob("*.csv"):
        path.unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # there is none, or others are in it
        (folder / IMPORTS).rmdir()
    with contextlib.suppress(OSError):
        folder.rmdir()


def findings(report: Report) -> list[Finding]:
    """What is wrong comes first."""
    return [
        *(_finding(problem) for problem in report.problems),
        *(Finding("warning", note.code, note.message, sentence(note.remedy)) for note in report.notes),
        *(Finding("ok", FINE, sentence) for sentence in report.good),
    ]


def _finding(error: InsulaError) -> Finding:
    return Finding("error", error.code, error.message, sentence(getattr(error, "remedy", "")))


def sentence(remedy: str) -> str:
    """What to do, as a sentence; one that ends in a statement to run has no full stop behind it."""
    end = "" if not remedy or _STATEMENT.search(remedy) else "."
    return f"{remedy[:1].upper()}{remedy[1:]}{end}"
