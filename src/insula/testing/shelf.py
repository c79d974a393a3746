"""A plugin of someone else's, in several states of its life; tests install one of them for real processes."""

from pathlib import Path
from typing import Any

from insula.testing.instance import Instance

_HEAD = '''
from insula.application.plugin import Migration, Plugin
from insula.testing.applications import collection, field


class Shelf(Plugin):
    """Keeps boxes."""

    name = "shelf"
    title = description = "Shelf"
    enabled_by_default = True
'''

FIRST = f"""{_HEAD}
    version = "1.0.0"
    collections = (collection("boxes", field("label", "string"), field("weight", "integer")),)
"""

_SECOND = f"""{_HEAD}
    version = "2.0.0"
    collections = (
        collection(
            "boxes", field("label", "string"), field("weight", "integer"), field("grams", "integer", index=True)
        ),
        collection("racks", field("name", "string", unique=True)),
    )


async def in_grams(transaction, sync):
    boxes = Shelf.collections[0].table
    await transaction.run(boxes.update().values(grams=boxes.c.weight * 1000))


async def with_packing(transaction, sync):
    boxes = Shelf.collections[0].table
    await transaction.run(boxes.update().values(grams=boxes.c.grams + 7))
"""

SECOND = f"""{_SECOND}

Shelf.migrations = (Migration(1, "in grams", in_grams), Migration(2, "with packing", with_packing))
"""

MENDED = SECOND.replace('version = "2.0.0"', 'version = "2.0.1"')
"""What the maker of ``BROKEN`` would release."""

BROKEN = f"""{_SECOND}

async def fails(transaction, sync):
    await with_packing(transaction, sync)
    raise RuntimeError("the rack is too low")


Shelf.migrations = (Migration(1, "in grams", in_grams), Migration(2, "with packing", fails))
"""

BROKEN_REQUIRED = f"{BROKEN}\nShelf.required = True\n"


def installed(folder: Path, source: str) -> dict[str, str]:
    """The plugin with this source as an installed distribution; gives the variables with which it is found."""
    metadata = folder / "shelf-1.0.dist-info"
    metadata.mkdir(parents=True, exist_ok=True)
    (folder / "insula_shelf.py").write_text(source)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: shelf\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[insula.plugins]\nshelf = insula_shelf:Shelf\n")
    return {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}


def installation(folder: Path, source: str) -> Instance:
    """An installation on SQLite that runs with the plugin of this source, in ``folder``/plugin."""
    made = Instance(folder / "s", {"DB_DIALECT": "sqlite", **installed(folder / "plugin", source)})
    made.start()
    return made


def installation_with_shop(folder: Path, source: str, display_name: str, **options: Any) -> Instance:
    """The same with the application ``shop`` in it."""
    made = installation(folder, source)
    with made.sign_in() as client:
        made.make(client, "shop", display_name, **options)
    return made


HELD_WHILE = f"""{_HEAD}
    async def load(self, application):
        while application.name != "main" and __import__("pathlib").Path({{flag!r}}).exists():
            await __import__("asyncio").sleep(0.02)
"""
"""No application but main comes up while a file exists: ``HELD_WHILE.format(flag=…)``."""

FAILS_WHILE = f"""{_HEAD}
    required = True

    async def load(self, application):
        if application.name != "main" and __import__("pathlib").Path({{flag!r}}).exists():
            raise RuntimeError("the rack is too low")
"""
"""No application but main can do without it, and it fails there while a file exists: ``FAILS_WHILE.format(flag=…)``."""
