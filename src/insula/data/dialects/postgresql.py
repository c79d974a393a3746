"""The words of PostgreSQL: its own ``LIKE``, ``ILIKE``, ``~`` and ``~*``, arrays and JSONB."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeEngine

from insula.data.dialects.postgresql_columns import STORAGES
from insula.data.filters.patterns import for_postgres
from insula.data.filters.shape import CASTS
from insula.data.filters.text import LikeText
from insula.data.lists import ListOf
from insula.data.words import Condition, Expression, Words

if TYPE_CHECKING:
    from insula.data.filters.base import Operand

_ONE: sa.ColumnClause[int] = sa.literal_column("1")
_DATE_PARTS = {
    "YYYY": "YYYY",
    "MM": "MM",
    "DD": "DD",
    "HH": "HH24",
    "hh": "HH24",
    "mm": "MI",
    "ss": "SS",
    "Q": "Q",
}


_ENDS_OF_TIME: Final = {
    "dateOnly": ("DATE '0001-01-01'", "DATE '9999-12-31'"),
    "datetimeNoTz": ("TIMESTAMP '0001-01-01'", "TIMESTAMP '9999-12-31 23:59:59.999'"),
}
"""What the driver sends as infinite, and takes for these again; as text it would be nothing."""


class Postgresql(Words):
    """PostgreSQL."""

    storages = STORAGES

    def list_type(self, item: TypeEngine[Any]) -> TypeEngine[Any]:
        return postgresql.ARRAY(item)

    def encode_list(self, items: list[Any]) -> Any:
        return items

    def among(self, column: Expression, values: sa.BindParameter[Any]) -> Condition:
        return column == sa.any_(values)

    def like_pattern(self, pattern: str, *, folded: bool) -> str:
        return pattern

    def like(self, operand: Operand, variant: str, *, folded: bool) -> Condition:
        one = LikeText(folded)
        pattern: Any = operand.bind(ListOf(one) if variant == "any" else one)
        if variant == "ascii and others":
            next(operand.names)  # the second one is for SQLite
        if variant == "any":
            pattern = sa.any_(pattern)
        return operand.column.op("ILIKE" if folded else "LIKE", is_comparison=True)(pattern)

    def regexp_pattern(self, pattern: str) -> str:
        return for_postgres(pattern)

    def regexp(self, column: Expression, pattern: Expression, *, folded: bool) -> Condition:
        return column.op("~*" if folded else "~", is_comparison=True)(pattern)

    def json_literal(self, text: str) -> Expression:
        return sa.literal_column(f"'{text}'::jsonb")

    def json_kind(self, column: Expression) -> Expression:
        return sa.func.jsonb_typeof(column)

    def json_part(self, column: Expression, path: Sequence[str], cast: str) -> Expression:
        where = sa.cast(sa.literal(list(path), postgresql.ARRAY(sa.Text())), postgresql.ARRAY(sa.Text()))
        part = column.op("#>")(where)
        kind = sa.func.jsonb_typeof(part)
        if cast == "any":
            return sa.case((kind != sa.literal_column("'null'"), part))
        text: Expression = sa.type_coerce(column.op("#>>")(where), sa.Text())
        wanted = {"text": "'string'", "number": "'number'", "boolean": "'boolean'"}[cast]
        type_ = CASTS[cast].type.column_type(CASTS[cast])
        value = text if cast == "text" else sa.cast(text, type_)
        return sa.type_coerce(sa.case((kind == sa.literal_column(wanted), value)), type_)

    def same_members(self, members: Expression, wanted: Expression) -> Condition:
        contains = members.op("@>", is_comparison=True)(wanted)
        return sa.and_(contains, members.op("<@", is_comparison=True)(wanted))

    def common_member(self, members: Expression, wanted: Expression) -> Condition:
        member = sa.func.jsonb_array_elements(members).table_valued("value")
        found = wanted.op("@>", is_comparison=True)(member.c.value)
        return sa.exists(sa.select(_ONE).select_from(member).where(found))

    def average(self, column: Expression, *, distinct: bool) -> Expression:
        return sa.cast(sa.func.avg(column.distinct() if distinct else column), sa.Double())

    def moment(self, seconds: Expression) -> Expression:
        return sa.func.to_timestamp(seconds)

    def date_text(
        self, column: Expression, kind: str, tokens: Sequence[tuple[bool, str]], zone: str | None
    ) -> Expression:
        if zone is not None:
            where: Expression = sa.literal(zone, sa.Text())
            if zone[0] in "+-":
                # As an interval: a zone of that name would be of POSIX, whose signs are the other way round.
                where = sa.cast(sa.literal(zone, sa.Text()), postgresql.INTERVAL())
            column = sa.func.timezone(where, column)
        if kind in _ENDS_OF_TIME:
            first, last = (sa.literal_column(end, column.type) for end in _ENDS_OF_TIME[kind])
            finite = sa.func.isfinite(column)
            column = sa.case((finite, column), (column > first, last), (column < first, first))
        pattern = "".join(_DATE_PARTS[text] if part else _quoted(text) for part, text in tokens)
        return sa.type_coerce(sa.func.to_char(column, sa.literal_column(f"'{pattern}'")), sa.Text())

    def insert_unless_there(self, insert: sa.Insert, values: Mapping[str, Any]) -> postgresql.Insert:
        return postgresql.insert(insert.table).values(values).on_conflict_do_nothing()


def _quoted(text: str) -> str:
    """Literal text within ``to_char``'s pattern, itself within an SQL literal."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("'", "''")
    return f'"{escaped}"'


WORDS = Postgresql()
