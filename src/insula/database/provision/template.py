"""What a new application's database holds."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from insula.database.executor import Database
from insula.database.guarded import NOTHING
from insula.database.statement import Statement

_FINGERPRINT = re.compile(r"[A-Za-z0-9._-]{1,100}")


@dataclass(frozen=True, slots=True)
class Template:
    """What a new application's database holds, as statements compiled for one dialect, without values."""

    fingerprint: str
    """Stands for everything that the statements depend on (versions of core and plugins, migrations)."""
    statements: Sequence[Statement]

    def __post_init__(self) -> None:
        if not _FINGERPRINT.fullmatch(self.fingerprint):
            raise ValueError("a fingerprint is made of letters, digits, dots, dashes and underscores")

    async def apply(self, database: Database, timeout_s: float) -> None:
        """Run the statements in one transaction: all of them, or none. ``timeout_s`` is for each."""
        async with database.transaction(statement_timeout_s=timeout_s) as transaction:
            for statement in self.statements:
                await transaction.execute(statement, NOTHING)
