"""How a session with MariaDB or MySQL is set up, so that it behaves as the other dialects do. Pure text."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Final

MODES: Final = ",".join(
    (
        "STRICT_ALL_TABLES",  # what does not fit is refused, and not cut
        "NO_ZERO_DATE",
        "NO_ZERO_IN_DATE",
        "ERROR_FOR_DIVISION_BY_ZERO",
        "NO_ENGINE_SUBSTITUTION",
        "NO_AUTO_VALUE_ON_ZERO",  # a key 0 is kept as it is
        "NO_BACKSLASH_ESCAPES",  # as in standard SQL; literals are written for it
        "ANSI_QUOTES",  # "…" is a name
        "PIPES_AS_CONCAT",
    )
)
IDLE_S: Final = 300
"""The server ends a session in which nothing was said for this long, and a transaction with it."""
LONGEST_AGGREGATE_BYTES: Final = 256 * 1024 * 1024
_VERSION: Final = re.compile(r"^(?:5\.5\.5-(?=\d))?(\d+)\.(\d+)\.(\d+)")


@dataclass(frozen=True, slots=True)
class Flavor:
    """What the server says that it is."""

    mariadb: bool
    version: tuple[int, ...]

    @property
    def product(self) -> str:
        """``MariaDB`` or ``MySQL``."""
        return "MariaDB" if self.mariadb else "MySQL"

    @property
    def collation(self) -> str:
        """Text is compared by code points, in its case and with its blanks, as in the other dialects."""
        return "utf8mb4_nopad_bin" if self.mariadb else "utf8mb4_0900_bin"

    @property
    def problem(self) -> str | None:
        """Why Insula can not use it."""
        oldest = (10, 6, 0) if self.mariadb else (8, 0, 17)
        if self.version >= oldest:
            return None
        name = "MariaDB" if self.mariadb else "MySQL"
        return (
            f"its server is {name} {_dotted(self.version)}; {_dotted(oldest)} is the oldest that can be used"
        )


def flavor(server_version: str) -> Flavor:
    """``10.11.6-MariaDB-log`` or ``8.0.36`` → what it is."""
    found = _VERSION.match(server_version)
    version = tuple(map(int, found.groups())) if found else ()
    return Flavor("mariadb" in server_version.lower(), version)


def setup(kind: Flavor, statement_timeout_s: float) -> str:
    """The statements that a session begins with; the last one gives the longest packet in bytes."""
    waits = max(1, math.ceil(statement_timeout_s))
    settings = {
        "sql_mode": f"'{MODES}'",
        "time_zone": "'+00:00'",
        "lc_messages": "'en_US'",
        "innodb_lock_wait_timeout": str(waits),
        "wait_timeout": str(IDLE_S),
        "net_write_timeout": str(IDLE_S),  # a stream may be read slowly
        "group_concat_max_len": str(LONGEST_AGGREGATE_BYTES),
    }
    if kind.mariadb:
        settings["idle_transaction_timeout"] = str(IDLE_S)
    several = ", ".join(f"{name} = {value}" for name, value in settings.items())
    return (
        f"SET NAMES utf8mb4 COLLATE {kind.collation}; SET SESSION {several};"
        f" {limits(kind, statement_timeout_s)};"
        " SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; SELECT @@max_allowed_packet"
    )


def limits(kind: Flavor, statement_timeout_s: float) -> str:
    """The statement that sets what a transaction may change of its session, at first and after it."""
    waits = max(1, math.ceil(statement_timeout_s))
    return (
        f"SET SESSION {limit(kind, statement_timeout_s)}, lock_wait_timeout = {waits}, foreign_key_checks = 1"
    )


def limit(kind: Flavor, seconds: float | None) -> str:
    """The time limit for one statement, ``None`` for none. MySQL has it for SELECT alone."""
    if kind.mariadb:
        return f"max_statement_time = {max(0.001, seconds):.3f}" if seconds else "max_statement_time = 0"
    return f"max_execution_time = {max(1, round(seconds * 1000)) if seconds else 0}"


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version)) or "of an unknown version"
