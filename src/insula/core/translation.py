"""Sentences of the code in the other languages of the pages, for answers to people; logs stay English.

The English template is the key, as with gettext: a sentence that is changed has no translation until somebody has read it
again, which a test demands. Nothing is read before the first sentence is asked for in a language.

What reaches an answer as text alone (the reason inside of an error, what another process has sent or a database keeps) is
taken apart by the templates again. What fits none, such as the words of a database, stays as it is.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import chain, zip_longest
from pathlib import Path
from string import Formatter
from typing import Any, Final

ENGLISH: Final = "en"
TRANSLATED: Final = ("es", "fr", "zh")
TAGS: Final = {ENGLISH: "en-US", "es": "es-ES", "fr": "fr-FR", "zh": "zh-CN"}
"""Language → what it is called where a region belongs to the name."""

_FOLDER: Final = Path(__file__).parent / "translations"
_FOLDERS: Final = (_FOLDER, _FOLDER / "pages")
"""What errors say, and what the pages say that are rendered here."""
_WORDING: Final = frozenset(
    [
        "cause",
        "content",
        "doing",
        "found",
        "how",
        "known",
        "message",
        "named",
        "others",
        "owner",
        "place",
        "problem",
        "reason",
        "remedy",
        "sentences",
        "state",
        "status",
        "users",
        "verb",
        "what",
        "who",
    ]
)
"""Details that are wording of ours, and may hold more of the same; all others are names and values."""
_RANGE: Final = re.compile(
    r"\s*(?P<tag>[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*)(\s*;\s*q=(?P<q>0(\.\d{0,3})?|1(\.0{0,3})?))?\s*"
)
"""One wish of an ``Accept-Language`` (RFC 9110, 12.5.4)."""
_ACCEPTED_LONGEST: Final = 1000
"""Characters that are read of one."""
PART: Final = "{reason}."
"""What makes a sentence of a part of one."""
OF_A_STEP: Final = "{step}: {cause}"
"""What a job or a command keeps of its end: the name of the step, and why it failed."""
_STEP: Final = re.compile(r"(?P<step>[\w-]+): (?P<cause>.+)", re.DOTALL)
_TELLING: Final = 4
"""Letters that a template has beside its details at least, for a text to be known by it."""


def language_of(tag: str | None) -> str:
    """The language of a tag such as ``fr-FR``: English where it is none of ours."""
    language = (tag or "").partition("-")[0].lower()
    return language if language in TRANSLATED else ENGLISH


def chosen(tag: str) -> str | None:
    """The language of a tag such as ``fr-FR``; ``None`` where it is none of ours."""
    language = tag.partition("-")[0].lower()
    return language if language in TAGS else None


def preferred(accepted: str) -> str:
    """The first of ours that an ``Accept-Language`` puts foremost; English where it knows none, or can not be read."""
    best, weight = ENGLISH, 0.0
    for part in accepted[:_ACCEPTED_LONGEST].split(","):
        if (found := _RANGE.fullmatch(part)) is None:
            continue
        language, wish = chosen(found["tag"]), float(found["q"] or 1)
        if language is not None and wish > weight:
            best, weight = language, wish
    return best


class Speaker:
    """Says the sentences of the code in one language: ``say("Sign in to {name}", name="Shop")``."""

    __slots__ = ("language",)

    def __init__(self, language: str) -> None:
        self.language = language

    def __call__(self, template: str, /, **details: Any) -> str:
        return filled(template, details, self.language)

    @property
    def tag(self) -> str:
        """What the language is called in HTML."""
        return TAGS[self.language]


def filled(template: str, details: Mapping[str, Any], language: str) -> str:
    """A template of the code with its details, in a language."""
    if language not in TRANSLATED:
        return template.format_map(details)
    catalogue = _catalogue(language)
    said = {name: catalogue.detail(name, value) for name, value in details.items()}
    return catalogue.templates.get(template, template).format_map(said)


def in_language(text: str, language: str) -> str:
    """An English text that a template of the code was filled to, in a language."""
    return text if language not in TRANSLATED else _catalogue(language).text(text)


def sentence(reason: str, language: str) -> str:
    """A reason of an error as a sentence of its own, in a language."""
    return in_language(PART.format(reason=reason[:1].upper() + reason[1:]), language)


class _Catalogue:
    """All that is said in one language."""

    def __init__(self, templates: Mapping[str, str]) -> None:
        self.templates = templates
        """English → translation."""
        known = [(template, *_parts(template)) for template in templates]
        self._fixed = {pieces[0]: _parts(templates[one])[0][0] for one, pieces, names in known if not names}
        letters = {template: _letters(pieces) for template, pieces, _ in known}
        # the one that says most comes first, since another may fit, too
        known.sort(key=lambda one: letters[one[0]], reverse=True)
        known = [one for one in known if one[2] and letters[one[0]] >= _TELLING]
        initials = {pieces[0][:1] for _, pieces, _ in known} - {""}
        self._known = {
            initial: [one for one in known if one[1][0][:1] in ("", initial)] for initial in ("", *initials)
        }
        """First letter of a text → what it may have been filled to: logs are long, and most lines are none of ours."""

    def detail(self, name: str, value: Any) -> Any:
        """One detail of a sentence."""
        return self.text(value) if name in _WORDING and isinstance(value, str) else value

    def text(self, text: str) -> str:
        """A text that may be one of ours."""
        if (found := self._found(text)) is not None:
            return found
        if text[:1].isupper():  # a part, perhaps, that was made a sentence
            ends = text.endswith(".")
            part = self._found(text[0].lower() + (text[1:-1] if ends else text[1:]))
            if part is not None:
                said = part[0].upper() + part[1:]
                return self.templates[PART].format(reason=said) if ends else said
        step = _STEP.fullmatch(text)
        if step is not None and (cause := self.text(step["cause"])) != step["cause"]:
            return self.templates[OF_A_STEP].format(step=step["step"], cause=cause)
        return text

    def _found(self, text: str) -> str | None:
        if (whole := self._fixed.get(text)) is not None:
            return whole
        for template, pieces, names in self._known.get(text[:1], self._known[""]):
            details = _taken_apart(text, pieces, names)
            if details is not None and ("verb" not in details or self._found(details["verb"]) is not None):
                return self._put_together(self.templates[template], details)
        return None

    def _put_together(self, translation: str, details: Mapping[str, str]) -> str:
        pieces, names = _parts(translation)
        said = (self.detail(name, details[name]) for name in names)
        return "".join(chain.from_iterable(zip_longest(pieces, said, fillvalue="")))


@cache
def _catalogue(language: str) -> _Catalogue:
    return _Catalogue(
        {english: said for folder in _FOLDERS for english, said in _read(folder, language).items()}
    )


def _read(folder: Path, language: str) -> dict[str, str]:
    read: dict[str, str] = json.loads((folder / f"{language}.json").read_text(encoding="utf-8"))
    return read


def _parts(template: str) -> tuple[list[str], list[str]]:
    """The pieces of text before, between and behind the details, and the names of these."""
    pieces: list[str] = [""]
    names: list[str] = []
    for piece, name, _, _ in Formatter().parse(template):
        pieces[-1] += piece
        if name is not None:
            names.append(name)
            pieces.append("")
    return pieces, names


def _letters(pieces: Iterable[str]) -> int:
    return sum(letter.isalpha() for piece in pieces for letter in piece)


def _taken_apart(text: str, pieces: Sequence[str], names: Sequence[str]) -> dict[str, str] | None:
    """The details of a text that is made of these pieces; ``None`` where it is not. One walk, whatever the text is."""
    at, end = len(pieces[0]), len(text) - len(pieces[-1])
    if at > end or not (text.startswith(pieces[0]) and text.endswith(pieces[-1])):
        return None
    details: dict[str, str] = {}
    for name, piece in zip(names[:-1], pieces[1:-1], strict=True):
        found = text.find(piece, at, end)
        if found < 0 or details.setdefault(name, text[at:found]) != text[at:found]:
            return None
        at = found + len(piece)
    return details if details.setdefault(names[-1], text[at:end]) == text[at:end] else None
