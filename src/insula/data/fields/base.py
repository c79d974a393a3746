"""What a field type states, once: its column, how a value is checked, how its settings are checked.

One file per type beside this one, and one table of all of them in ``insula.data.fields``. After
pocketbase (``core/field_number.go``).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from sqlalchemy.types import TypeEngine

if TYPE_CHECKING:
    from insula.data.collection import Field

Family = Literal["text", "number", "boolean", "date", "json", "array", "relation", "other"]
"""Which group of filter operators fits the values."""


class FieldType(ABC):
    """A storage type. Stateless: one instance serves all fields of all applications."""

    name: ClassVar[str]
    """As in ``fields:create`` (``string``, ``bigInt`` …)."""
    family: Family
    stored: ClassVar[bool] = True
    """Has a column of its own in the collection's table."""
    hidden: ClassVar[bool] = False
    """Never answered, filtered or sorted by (passwords)."""

    slow: ClassVar[bool] = False
    """``prepare`` takes milliseconds (password hashes): it is called in a bounded thread, off the loop."""

    computed: ClassVar[bool] = False
    """Worked out by ``insula.data.computing`` from the record, or from counters, when it is written."""

    widens_to: ClassVar[frozenset[str]] = frozenset()
    """Types that a field with data may be changed to, since every value stays what it is."""

    @abstractmethod
    def column_type(self, field: Field) -> TypeEngine[Any]:
        """The SQLAlchemy type, whose bind and result conversions make the Python value described by
        ``prepare``. Types that store differently per dialect are ``TypeDecorator``."""

    @abstractmethod
    def prepare(self, value: Any, field: Field) -> Any:
        """A value from outside (JSON, CSV text) → the Python value that is stored.

        ``None`` never comes here. Raises ``ValueError`` with the reason, without the value itself:
        «must be a whole number between …».
        """

    def check_options(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Settings of a new or changed field → the normalised ones. Raises ``ValueError`` with the reason."""
        return dict(options)

    def refuse_change(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> str | None:
        """Why a field with data can not go from the settings ``old`` to ``new`` of this same type, if so."""
        return None

    def fill(self, field: Field) -> Any:
        """The value for a new record where the client sent none (uuid, nanoid …); ``None`` for none."""
        return None

    def resolved(self, options: Mapping[str, Any]) -> FieldType:
        """The type as the settings of a field make it: another instance where they say what is stored."""
        return self

    def accepts(self, field: Field) -> bool:
        """Whether a client may state the value; else what one sends is passed over."""
        return True

    def openapi(self, field: Field) -> dict[str, Any]:
        """The JSON schema of the value, for the OpenAPI document."""
        return {}
