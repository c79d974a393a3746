"""SQLAlchemy expression → Statement, shared by all dialects."""

import re
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import Dialect as SqlAlchemyDialect
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.compiler import IdentifierPreparer, SQLCompiler
from sqlalchemy.sql.ddl import ExecutableDDLElement
from sqlalchemy.sql.elements import TextClause
from sqlalchemy.sql.selectable import SelectBase

from insula.database.errors import CanNotCompile
from insula.database.statement import SCHEMA_TOKEN, Statement

_QUOTED_OR_TOKEN = re.compile(
    rf"""  '(?:[^']|'')*'                                # a literal: skipped, whatever it says
        |  (?P<token> (?<![\w"`]){SCHEMA_TOKEN}\. | "{SCHEMA_TOKEN}"\. | `{SCHEMA_TOKEN}`\. )
        |  "(?:[^"]|"")*" | `(?:[^`]|``)*`               # an identifier: likewise
    """,
    re.VERBOSE,
)

# Compilers say little of what they hold in their types; these are the attributes read here.
_Compiled = Any


class QuotingPreparer(IdentifierPreparer):
    """Mixed into a dialect's preparer: quotes every identifier, so that none is ever taken for a keyword.

    The schema token alone stays bare, as the mark at which the text is cut.
    """

    def _requires_quotes(self, value: str) -> bool:
        return True

    def quote_identifier(self, value: str) -> str:
        if "\0" in value:
            raise CanNotCompile(reason="an identifier has a NUL character")
        return super().quote_identifier(value)

    def quote_schema(self, schema: str) -> str:
        return SCHEMA_TOKEN if schema == SCHEMA_TOKEN else super().quote_schema(schema)


def compile_statement(element: Executable, dialect: SqlAlchemyDialect) -> Statement:
    """Compile for ``dialect``. An ``IN`` list is rendered with the values that the expression brought along.

    Raises CanNotCompile: for what the dialect has no words for, and for an ``IN`` whose values come only at
    run time (bind one array instead, so that the text does not depend on their number).
    """
    try:
        compiled: _Compiled = element.compile(dialect=dialect)  # type: ignore[attr-defined]
        if not isinstance(compiled, SQLCompiler):
            return _ddl(str(compiled))
        if compiled.post_compile_params or compiled.literal_execute_params:
            compiled = _rendered(element, compiled, dialect)
    except SQLAlchemyError as error:
        raise CanNotCompile(reason=str(error).split("\n", 1)[0]) from error
    return Statement(
        parts=cut(str(compiled)),
        names=tuple(compiled.positiontup or ()),
        constants=_constants(compiled),
        encoders=_encoders(compiled),
        decoders=tuple(_decoders(compiled, dialect)),
        returns_rows=bool(compiled._result_columns) or isinstance(element, (TextClause, SelectBase)),
        writes=_writes(element, compiled),
    )


def cut(text: str) -> tuple[str, ...]:
    """The text, cut at each schema token that stands outside of literals and quoted names."""
    parts, start = [], 0
    for match in _QUOTED_OR_TOKEN.finditer(text):
        if match["token"]:
            parts.append(text[start : match.start()])
            start = match.end()
    parts.append(text[start:])
    return tuple(parts)


def _ddl(text: str) -> Statement:
    return Statement(cut(text), (), {}, {}, (), returns_rows=False, writes=True, is_ddl=True)


def _rendered(element: Executable, compiled: _Compiled, dialect: SqlAlchemyDialect) -> _Compiled:
    """Compiled again with the values of its ``IN`` lists as parameters of their own."""
    for parameter in compiled.post_compile_params | compiled.literal_execute_params:
        if parameter.required:
            raise CanNotCompile(
                reason=f'the list "{parameter.key}" has no values yet; compare with one bound array instead'
            )
    return element.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})  # type: ignore[attr-defined]


def _constants(compiled: _Compiled) -> dict[str, Any]:
    constants = {
        name: parameter.effective_value
        for parameter, name in compiled.bind_names.items()
        if not parameter.required
    }
    if compiled._post_compile_expanded_state is not None:
        expanded = compiled._post_compile_expanded_state.parameters
        constants.update(
            {name: expanded[name] for name in compiled.positiontup if name not in compiled.binds}
        )
    return {name: value for name, value in constants.items() if name in set(compiled.positiontup or ())}


def _encoders(compiled: _Compiled) -> dict[str, Any]:
    encoders = dict(compiled._bind_processors)
    if compiled._post_compile_expanded_state is not None:
        encoders.update(compiled._post_compile_expanded_state.processors)
    return {name: encoders[name] for name in compiled.positiontup or () if name in encoders}


def _decoders(compiled: _Compiled, dialect: SqlAlchemyDialect) -> Iterator[tuple[str, Any]]:
    for entry in compiled._result_columns:
        if decode := entry.type._cached_result_processor(dialect, None):
            yield entry.keyname, decode


def _writes(element: Executable, compiled: _Compiled) -> bool:
    """Whether it may change or lock anything. Text is taken to, for only its author knows."""
    if not isinstance(element, SelectBase):
        return True
    if any(isinstance(cte.element, sa.UpdateBase) for cte in compiled.ctes or ()):
        return True
    return getattr(element, "_for_update_arg", None) is not None


def is_ddl(element: Executable) -> bool:
    """Whether the element changes the schema."""
    return isinstance(element, ExecutableDDLElement)
