"""Whether a page is for everyone: what axe finds against WCAG 2.2 AA, in a real browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from playwright.async_api import Page

AXE: Final = Path(__file__).parents[3] / "ui/node_modules/axe-core/axe.min.js"
_RULES: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
_GRAVE: Final = ("serious", "critical")
_OF_THE_LIBRARY: Final = {("aria-required-children", ".ant-tabs-nav")}
"""Rule and part: the button for tabs that have no room stands among the tabs, and is reached by keyboard as they are."""
_MEASURES: Final = ".ant-table-measure-row"
"""A row without height by which the library measures columns: it repeats headings, and nobody reaches it."""
_DRAWER: Final = ".ant-drawer-open"
"""What is open above the page: what lies below its shade is out of reach."""
_RUN: Final = (
    "([rules, exclude, include]) => axe.run({include: [include], exclude: [exclude]}, {runOnly: rules})"
)
_NODES_AT_MOST: Final = 4


async def grave(page: Page) -> list[str]:
    """What is serious or worse, in words; nothing where nobody is kept out."""
    await page.evaluate(AXE.read_text(encoding="utf-8"))
    include = _DRAWER if await page.locator(_DRAWER).count() else "html"
    found: Any = await page.evaluate(_RUN, [_RULES, _MEASURES, include])
    return [
        f"{wrong['id']}: {wrong['help']}: {node['target']} {node['html'][:160]}"
        for wrong in found["violations"]
        if wrong["impact"] in _GRAVE
        for node in wrong["nodes"][:_NODES_AT_MOST]
        if (wrong["id"], node["target"][0]) not in _OF_THE_LIBRARY
    ]
