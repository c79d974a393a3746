"""The file ``.env`` of the working directory: ``NAME=value``, one a line, with quotes and comments as dotenv has them."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dotenv.parser import Binding

NAME = ".env"


def read_env_file(path: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Its variables, and what is wrong: ``.env``, or ``.env:<line>`` → one sentence. Both empty where there is no file."""
    if path.is_dir():
        return {}, {NAME: f"{path} is a folder, where a file is looked for; rename it or remove it."}
    if not path.is_file():
        return {}, {}
    from dotenv.parser import parse_stream

    try:
        with path.open(encoding="utf-8-sig") as stream:
            bindings = list(parse_stream(stream))
    except (OSError, UnicodeDecodeError) as error:
        return {}, {NAME: f"The file {path} can not be read ({error}); mend it or remove it."}
    return _sorted_out(path, bindings)


def _sorted_out(path: Path, bindings: Iterable["Binding"]) -> tuple[dict[str, str], dict[str, str]]:
    variables: dict[str, str] = {}
    wrong: dict[str, str] = {}
    for binding in bindings:
        if binding.error or (binding.key is not None and binding.value is None):
            line = _line(binding)
            wrong[f"{NAME}:{line}"] = f"Line {line} of {path} can not be understood; write NAME=value."
        elif not binding.key and binding.value is not None:
            line = _line(binding)
            wrong[f"{NAME}:{line}"] = f"Line {line} of {path} has no name; write NAME=value."
        elif binding.key and binding.value is not None:
            variables[binding.key] = binding.value
    return variables, wrong


def _line(binding: "Binding") -> int:
    """Its line, from 1; dotenv counts the empty ones before it as its own."""
    text = binding.original.string
    return binding.original.line + text[: len(text) - len(text.lstrip())].count("\n")
