"""What a write answers: the rows as the caller may see them, with the relations that the body wrote."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from insula.core.errors import InsulaError, Kind
from insula.data.appends import MAX_LOADS, Loader
from insula.data.attaching import MORE, attach
from insula.data.bodies import written_paths
from insula.data.collection import Collection
from insula.data.outline import outline
from insula.data.rows import Rows
from insula.data.scope import Scope, Scopes
from insula.data.validate import Draft
from insula.database.executor import Executor, Row


class Echo:
    """Answers of the writes of one application."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def flat(
        self, collection: Collection, rows: list[Row], scopes: Scopes, relations: Iterable[str] = ()
    ) -> list[Row]:
        """The key, the fields that are open to ``view``, and the ``relations`` that were put into the rows."""
        shapes = self._rows.statements(collection)
        scope = _view(collection, scopes)
        fields = frozenset[str]() if scope is None else scope.fields
        if fields is None and len(shapes.returned) == len(shapes.visible):
            return rows
        key = collection.primary_key
        shown = shapes.visible if fields is None else shapes.visible & fields
        shown = shown.union(relations, () if key is None else (key.name,))
        return [{name: value for name, value in row.items() if name in shown} for row in rows]

    async def whole(
        self,
        collection: Collection,
        rows: list[Row],
        drafts: Iterable[Draft],
        scopes: Scopes,
        on: Executor,
    ) -> list[Row]:
        """The same, with the relations that the drafts wrote, as far as the caller may view them."""
        written = dict.fromkeys(path for draft in drafts for path in written_paths(draft))
        paths = [path for path in written if self._open(collection, path.split("."), scopes)][:MAX_LOADS]
        scope = _view(collection, scopes)
        if not paths or scope is None:
            return self.flat(collection, rows, scopes)
        asked = outline(None, tuple(paths), ())
        loader = Loader(self._rows.catalog, scopes, self._rows.database.dialect)
        await attach(on, rows, loader.loads(collection, scope, asked))
        return self.flat(collection, rows, scopes, (*(name for name, _ in asked.children), MORE))

    def _open(self, collection: Collection, path: Sequence[str], scopes: Scopes) -> bool:
        """Whether the caller may view what a path of relations leads to."""
        for name in path:
            scope = _view(collection, scopes)
            relation = collection.fields[name].relation
            if scope is None or relation is None or not (scope.fields is None or name in scope.fields):
                return False
            collection = self._rows.catalog.get(relation.target)
        return _view(collection, scopes) is not None


def _view(collection: Collection, scopes: Scopes) -> Scope | None:
    """What the caller may view, ``None`` for nothing at all."""
    try:
        return scopes.scope(collection.name, "view")
    except InsulaError as error:
        if error.kind is not Kind.DENIED:
            raise
        return None
