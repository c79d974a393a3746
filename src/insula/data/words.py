"""The contract of a dialect's words: how columns are stored, what filters, dates and changes of tables are written as.

The siblings in ``insula.data.dialects`` implement all of it, and lie beside it and not around it: they are made of
fields, filters and tables, which ask for words themselves. What a database *can* do is declared by flags of ``insula.database.dialects``; this is
about how the data layer's expressions are said in its SQL.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.dialects.mysql.dml import Insert as MysqlInsert
from sqlalchemy.dialects.postgresql.dml import Insert as PostgresqlInsert
from sqlalchemy.dialects.sqlite.dml import Insert as SqliteInsert
from sqlalchemy.types import TypeEngine

from insula.database.errors import UnknownDialect

if TYPE_CHECKING:
    from sqlalchemy.sql.compiler import DDLCompiler

    from insula.data.filters.base import Operand
    from insula.data.schema_steps import CreateIndex, Step

Converter = Callable[[Any], Any]
Expression = sa.ColumnElement[Any]
Condition = sa.ColumnElement[bool]
InsertOfDialect = SqliteInsert | PostgresqlInsert | MysqlInsert | sa.Insert


@dataclass(frozen=True, slots=True)
class Storage:
    """How one kind of column is kept. SQLAlchemy's own conversions for the type are not used."""

    type: TypeEngine[Any]
    """As in DDL."""
    encode: Converter | None = None
    """Python value → driver value; ``None`` where the driver takes it as it is."""
    decode: Converter | None = None
    """Driver value → Python value; ``None`` where the driver gives it as it is."""
    render: Callable[[Expression], Expression] | None = None
    """The column as the HTTP protocol writes its values, where the database can; else ``None``."""


class Words(ABC):
    """How one kind of database is spoken to. What has an answer here is so where tables change in transactions."""

    storages: ClassVar[Mapping[str, Callable[[Any], Storage]]]
    """Kind of a column (``Column.kind``) → its storage, given the column with its settings."""
    ddl: ClassVar[Mapping[type, Callable[[DDLCompiler, Any], str]]] = MappingProxyType({})
    """Kind of a step that changes tables → its DDL, where it is not that of ``insula.data.schema_ddl``."""

    writes_what_it_reads: ClassVar[bool] = True
    """A statement that writes a table may read it too; else what is read has to be put into a subquery of its own."""

    def ddl_type(self, type_: TypeEngine[Any]) -> TypeEngine[Any]:
        """The type of a column as it stands in the table."""
        return type_

    def index_problem(self, step: CreateIndex) -> str | None:
        """Why an index can not be made, if so; continues «the index …»."""
        return None

    def there(self, step: Step) -> sa.Select[Any] | None:
        """Finds a row where what a step is to make is there already, by other hands, and must not be taken back;
        ``None`` where the step makes nothing, or the database takes it back by itself."""
        return None

    @abstractmethod
    def list_type(self, item: TypeEngine[Any]) -> TypeEngine[Any]:
        """The type as which a list of values of the type ``item`` is bound."""

    @abstractmethod
    def encode_list(self, items: list[Any]) -> Any:
        """Driver values of a list → the one value that is bound."""

    @abstractmethod
    def among(self, column: Expression, values: sa.BindParameter[Any]) -> Condition:
        """``column`` holds one of the ``values``, which are bound as one list."""

    @abstractmethod
    def like_pattern(self, pattern: str, *, folded: bool) -> str:
        """A pattern of LIKE with the escape ``\\`` → the text that is bound for it."""

    @abstractmethod
    def like(self, operand: Operand, variant: str, *, folded: bool) -> Condition:
        """LIKE, ``folded``: without regard to case. Variants as of ``filters.text``; takes all of their values."""

    @abstractmethod
    def regexp_pattern(self, pattern: str) -> str:
        """A regular expression that RE2 takes → the text that is bound for it."""

    @abstractmethod
    def regexp(self, column: Expression, pattern: Expression, *, folded: bool) -> Condition:
        """A search by regular expression."""

    @abstractmethod
    def json_literal(self, text: str) -> Expression:
        """A constant, to compare with a column of kind json."""

    @abstractmethod
    def json_kind(self, column: Expression) -> Expression:
        """The kind of the value in a column of kind json: ``array`` for a list."""

    @abstractmethod
    def json_part(self, column: Expression, path: Sequence[str], cast: str) -> Expression:
        """A part of a JSON column as text, number, boolean or any; NULL where it is missing or of another kind."""

    @abstractmethod
    def same_members(self, members: Expression, wanted: Expression) -> Condition:
        """Both lists have the same members, in whatever order."""

    @abstractmethod
    def common_member(self, members: Expression, wanted: Expression) -> Condition:
        """Both lists have a member in common."""

    @abstractmethod
    def average(self, column: Expression, *, distinct: bool) -> Expression:
        """The average of a column of numbers, as a double."""

    @abstractmethod
    def moment(self, seconds: Expression) -> Expression:
        """Whole seconds since 1970 as a value of a ``datetimeTz`` column."""

    @abstractmethod
    def date_text(
        self, column: Expression, kind: str, tokens: Sequence[tuple[bool, str]], zone: str | None
    ) -> Expression:
        """A date as text of the ``tokens`` of a ``date_pattern``, on the clocks of ``zone`` where there is one."""

    @abstractmethod
    def insert_unless_there(self, insert: sa.Insert, values: Mapping[str, Any]) -> InsertOfDialect:
        """``insert`` of ``values``, which passes over a row whose key or unique value is there already."""


_MODULES = {
    "sqlite": "insula.data.dialects.sqlite",
    "postgres": "insula.data.dialects.postgresql",
    "mariadb": "insula.data.dialects.mariadb",
    "mysql": "insula.data.dialects.mysql",
}
"""Name as in ``DB_DIALECT`` → the module whose ``WORDS`` it has."""


@cache
def words(dialect: str) -> Words:
    """The words of a dialect, imported when it is used first; one stateless object per process. Raises UnknownDialect."""
    try:
        module = _MODULES[dialect]
    except KeyError:
        raise UnknownDialect(name=dialect, known=", ".join(_MODULES)) from None
    found: Words = import_module(module).WORDS
    return found
