"""The words of MySQL (8.0 and later) and MariaDB.

Text is compared byte by byte (by the collation of the database); without regard to case both sides
are lowered by one collation that knows Unicode's letters. Regular expressions are PCRE's, in a form that means to it
what it means to RE2. Lists are written out by the driver.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.engine.interfaces import Dialect as SqlAlchemyDialect
from sqlalchemy.types import TypeEngine

from insula.data.dialects.mysql_columns import STORAGES, stored_type
from insula.data.dialects.mysql_ddl import DDL, index_problem, there
from insula.data.dialects.mysql_json import count_table, json_path, text_table
from insula.data.dialects.mysql_zones import on_clocks
from insula.data.filters.patterns import for_pcre
from insula.data.filters.shape import CASTS
from insula.data.filters.text import LikeText
from insula.data.lists import ListOf
from insula.data.words import Condition, Expression, Words
from insula.database.dialects.mysql_values import Several

if TYPE_CHECKING:
    from insula.data.filters.base import Operand
    from insula.data.schema_steps import CreateIndex, Step

_ONE: sa.ColumnClause[int] = sa.literal_column("1")
_ZERO: sa.ColumnClause[float] = sa.literal_column("0e0")
"""Makes a double of what it is added to."""
_FOLDING = "utf8mb4_unicode_520_ci"
"""Its small letters are Unicode 5.2's: without regard to case, letters that came later stand for themselves."""
_KINDS = {"text": ("STRING",), "number": ("INTEGER", "DOUBLE", "DECIMAL"), "boolean": ("BOOLEAN",)}
_DATE_PARTS = {
    "YYYY": "%Y",
    "MM": "%m",
    "DD": "%d",
    "HH": "%H",
    "hh": "%H",
    "mm": "%i",
    "ss": "%s",
}


class _JsonList(ListOf):
    """Texts of a list as JSON."""

    cache_ok = True

    def bind_processor(self, dialect: SqlAlchemyDialect) -> Callable[[Any], Any]:
        encode = super().bind_processor(dialect)
        return lambda values: orjson.dumps(list(encode(values))).decode()


class Mysql(Words):
    """MySQL, and what MariaDB has in common with it."""

    collation: ClassVar[str] = "utf8mb4_0900_bin"
    """The one of databases: by code points, with blanks at the end."""

    storages = STORAGES
    ddl = DDL

    writes_what_it_reads = False

    def ddl_type(self, type_: TypeEngine[Any]) -> TypeEngine[Any]:
        return stored_type(type_)

    def index_problem(self, step: CreateIndex) -> str | None:
        return index_problem(step)

    def there(self, step: Step) -> sa.Select[Any] | None:
        return there(step)

    def list_type(self, item: TypeEngine[Any]) -> TypeEngine[Any]:
        return sa.Text()

    def encode_list(self, items: list[Any]) -> Any:
        return Several(items)

    def among(self, column: Expression, values: sa.BindParameter[Any]) -> Condition:
        # written out by the driver: a subquery would keep UPDATE and DELETE from using an index
        return column.op("IN", is_comparison=True)(values)

    def like_pattern(self, pattern: str, *, folded: bool) -> str:
        return _with_escape(pattern)

    def like(self, operand: Operand, variant: str, *, folded: bool) -> Condition:
        one = LikeText(folded)
        if variant == "any":
            table = text_table(operand.bind(_JsonList(one)))
            found = _like(operand.column, table.c.value, folded=folded)
            return sa.exists(sa.select(_ONE).select_from(table).where(found))
        pattern = operand.bind(one)
        if variant == "ascii and others":
            next(operand.names)  # the second one is for SQLite
        return _like(operand.column, pattern, folded=folded)

    def regexp_pattern(self, pattern: str) -> str:
        return for_pcre(pattern)

    def regexp(self, column: Expression, pattern: Expression, *, folded: bool) -> Condition:
        if folded:
            pattern = sa.func.concat(sa.literal_column("'(?i)'"), pattern)
        return column.op("REGEXP", is_comparison=True)(pattern)

    def json_literal(self, text: str) -> Expression:
        return sa.literal_column(f"'{text}'")

    def json_kind(self, column: Expression) -> Expression:
        return sa.func.lower(sa.func.json_type(column))

    def json_part(self, column: Expression, path: Sequence[str], cast: str) -> Expression:
        part = sa.func.json_extract(column, json_path(path))
        kind = sa.func.json_type(part)
        if cast == "any":
            return sa.case((kind != sa.literal_column("'NULL'"), self._plain(part)))
        type_ = CASTS[cast].type.column_type(CASTS[cast])
        value: Expression
        if cast == "text":
            value = self._plain(part)
        elif cast == "number":
            value = part.op("+")(_ZERO)
        else:
            value = part == sa.literal_column("'true'")
        found = kind.in_([sa.literal_column(f"'{name}'") for name in _KINDS[cast]])
        return sa.type_coerce(sa.case((found, value)), type_)

    def _plain(self, part: Expression) -> Expression:
        """JSON's text as it is, compared as columns are."""
        return sa.collate(sa.func.json_unquote(part), self.collation)

    def same_members(self, members: Expression, wanted: Expression) -> Condition:
        return sa.and_(_contains(members, wanted), _contains(wanted, members))

    def common_member(self, members: Expression, wanted: Expression) -> Condition:
        table = count_table(wanted)
        place = sa.func.concat(
            sa.literal_column("'$['"), table.c.n - sa.literal_column("1"), sa.literal_column("']'")
        )
        found = _contains(members, sa.func.json_extract(wanted, place))
        return sa.exists(sa.select(_ONE).select_from(table).where(found))

    def average(self, column: Expression, *, distinct: bool) -> Expression:
        number = column.op("+")(_ZERO)  # an average of whole numbers has four digits only
        return sa.type_coerce(sa.func.avg(number.distinct() if distinct else number), sa.Double())

    def moment(self, seconds: Expression) -> Expression:
        begin: Expression = sa.literal_column("TIMESTAMP'1970-01-01 00:00:00'")
        return sa.func.timestampadd(sa.literal_column("SECOND"), seconds, begin)

    def date_text(
        self, column: Expression, kind: str, tokens: Sequence[tuple[bool, str]], zone: str | None
    ) -> Expression:
        moment = column if zone is None else on_clocks(column, zone)
        pieces = [_date_part(moment, text) if part else _constant(text) for part, text in tokens]
        return sa.type_coerce(sa.func.concat(*pieces), sa.Text())

    def insert_unless_there(self, insert: sa.Insert, values: Mapping[str, Any]) -> mysql.Insert:
        # INSERT IGNORE would pass over any other error as well
        table = insert.table
        same = next(iter(table.c))
        return mysql.insert(table).values(values).on_duplicate_key_update({same.name: same})


def _like(column: Expression, pattern: Expression, *, folded: bool) -> Condition:
    column = sa.type_coerce(column, sa.Text())
    if folded:
        column, pattern = _lowered(column), _lowered(pattern)
    return column.like(pattern, escape="|")


def _lowered(text: Expression) -> Expression:
    folded = sa.func.lower(sa.collate(text, _FOLDING))
    return sa.collate(folded, "utf8mb4_bin")


def _with_escape(pattern: str) -> str:
    """A pattern with the escape ``\\`` as one with the escape ``|``, which no mode of the server takes for its own."""
    pieces = []
    characters = iter(pattern)
    for character in characters:
        if character == "\\":
            plain = next(characters, "\\")
            pieces.append(f"|{plain}" if plain in "%_|" else plain)
        else:
            pieces.append("||" if character == "|" else character)
    return "".join(pieces)


def _contains(outer: Expression, inner: Expression) -> Condition:
    found: Condition = sa.func.json_contains(outer, inner) == _ONE
    return found


def _date_part(moment: Expression, name: str) -> Expression:
    if name == "Q":
        return sa.func.quarter(moment)
    return sa.func.date_format(moment, sa.literal_column(f"'{_DATE_PARTS[name]}'"))


def _constant(text: str) -> Expression:
    """Text as a literal that means the same in every mode of the server."""
    return sa.literal_column(f"_utf8mb4 X'{text.encode().hex()}'")


WORDS = Mysql()
