"""What differs between dialects, as declared flags and a few methods. Siblings implement all of it."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from sqlalchemy.engine.interfaces import Dialect as SqlAlchemyDialect
from sqlalchemy.sql.base import Executable

from insula.database.statement import Statement


class Dialect(ABC):
    """One kind of database: ``sqlite``, ``postgres``."""

    name: ClassVar[str]
    """As in ``DB_DIALECT`` and in answers of the API."""
    transactional_ddl: ClassVar[bool]
    """DDL commits or rolls back together with data."""
    has_schemas: ClassVar[bool]
    max_identifier_bytes: ClassVar[int]
    max_parameters: ClassVar[int]
    """Bound values that one statement can take."""
    sqlalchemy: SqlAlchemyDialect
    """SQLAlchemy's compiler for this dialect."""

    @abstractmethod
    def compile(self, element: Executable) -> Statement:
        """Expression or DDL → Statement."""

    @abstractmethod
    def quote(self, identifier: str) -> str:
        """An identifier quoted by the dialect's own rules, always with quotes."""

    @abstractmethod
    def translate(self, error: BaseException) -> BaseException:
        """A driver's error → an error of ``insula.database.errors`` (others pass unchanged).

        Unique, foreign key, not-null and check violations name table and columns where the server says so.
        """

    @abstractmethod
    def literal(self, value: Any) -> str:
        """A constant rendered into DDL (a column's default)."""
