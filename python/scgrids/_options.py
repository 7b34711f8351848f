"""Options from their one description: names, defaults, ranges and help are those of the command line.

A function that is ``@described("explain")`` takes the options of that command as keywords. Its
signature and its docstring are made of the description; what is not given is not passed on, so that
no default stands twice.
"""

from __future__ import annotations

import functools
import inspect
import numbers
import os
import re
from typing import Any, Callable, Iterable, Optional

from . import _core
from ._error import Error

#: Options that each call has besides its command's own.
_SESSION = ("seed", "threads")


def keyword(name: str) -> str:
    """As Python spells an option: ``set-size`` is ``set_size``."""
    return name.replace("-", "_")


class Option:
    """One described option."""

    def __init__(self, described: dict):
        self.name: str = described["name"]
        self.keyword = keyword(self.name)
        self.kind: str = described["kind"]
        self.group: str = described["group"]
        self.help: str = described["help"]
        self.choices: list[str] = described["choices"]
        self.range: str = described["range"]
        self.numbers: bool = described["numbers"]
        self.standard = self._value(described["standard"])

    def _value(self, standard: list[str]):
        if self.kind == "list":
            return tuple(_number(text) for text in standard) if self.numbers else tuple(standard)
        if not standard:
            return False if self.kind == "flag" else None
        text = standard[0]
        if self.kind == "flag":
            return text == "true"
        if self.kind == "whole":
            return int(text)
        return float(text) if self.kind == "number" else text

    @property
    def type(self) -> str:
        """As docstrings have it."""
        if self.kind == "choice":
            return "{" + ", ".join(repr(word) for word in self.choices) + "}"
        of = {"flag": "bool", "whole": "int", "number": "float", "text": "str", "path": "path"}
        if self.kind == "list":
            return "list of " + ("numbers" if self.numbers else "str")
        return of[self.kind]

    @property
    def annotation(self) -> str:
        """As type checkers have it."""
        if self.kind == "choice":
            return "Literal[" + ", ".join(repr(word) for word in self.choices) + "]"
        of = {
            "flag": "bool",
            "whole": "int",
            "number": "float",
            "text": "str",
            "path": "Union[str, os.PathLike[str], pandas.DataFrame, Iterable[str]]",
        }
        if self.kind == "list":
            one = "float" if self.numbers else "str"
            return f"Union[{one}, Iterable[{one}]]"
        annotation = of[self.kind]
        return f"Optional[{annotation}]" if self.standard is None else annotation

    def parameter(self) -> inspect.Parameter:
        return inspect.Parameter(self.keyword, inspect.Parameter.KEYWORD_ONLY, default=self.standard)

    def text(self) -> str:
        """Its entry in a docstring."""
        shown = f", default {self.standard!r}" if self.standard not in (None, ()) else ", optional"
        words = [self.help[:1].upper() + self.help[1:]]
        if self.range:
            words.append(f"({self.range})")
        return f"{self.keyword} : {self.type}{shown}\n    {_python_words(' '.join(words))}"


def _number(text: str):
    return float(text) if any(c in text for c in ".e") else int(text)


def _python_words(text: str) -> str:
    """Help says ``--set-size``; in Python it is ``set_size``."""
    return re.sub(r"--([a-z][a-z0-9-]*)", lambda found: f"``{keyword(found[1])}``", text)


@functools.lru_cache(maxsize=None)
def options_of(command: str) -> tuple[Option, ...]:
    return tuple(Option(described) for described in _core.options_of(command))


def _word(name: str, value: Any) -> str:
    if isinstance(value, (bool,)) or type(value).__name__ in ("bool_", "bool"):
        return "true" if value else "false"
    if isinstance(value, numbers.Integral):
        return str(int(value))
    if isinstance(value, numbers.Real):
        return repr(float(value))
    if isinstance(value, str):
        return value
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    raise Error(f"{name}: {value!r} is no text, number or list of these", "usage")


def _words(name: str, value: Any) -> list[str]:
    if isinstance(value, (str, bytes, os.PathLike)) or not isinstance(value, Iterable):
        value = [value]
    words = [_word(name, one) for one in value]
    if any(not word.strip() for word in words):
        raise Error(f"{name}: an empty text names nothing; leave the option out for its default", "usage")
    return words


def given_words(given: dict) -> list[tuple[str, list[str]]]:
    """Options as ``_core`` takes them; ``None`` leaves the default."""
    return [
        (name.replace("_", "-"), _words(name, value)) for name, value in given.items() if value is not None
    ]


def options_text(options: Iterable[Option]) -> str:
    """The options as a section of a docstring, by their groups."""
    lines, group = [], None
    for option in options:
        if option.group != group and option.group:
            lines.append(f"*{option.group}*\n")
        group = option.group
        lines.append(option.text())
    return "\n".join(lines)


def described(command: str, leave_out: Iterable[str] = ()) -> Callable:
    """Makes a function's signature and docstring of a command's options.

    The docstring holds ``{options}`` on a line of its own, where their entries go. ``leave_out``:
    keywords that the function does not take.
    """

    def decorate(function: Callable) -> Callable:
        left_out = set(leave_out)
        options = [one for one in options_of(command) if one.keyword not in left_out]
        session = [one for one in options_of("session") if one.keyword in _SESSION]
        signature = inspect.signature(function)
        own = [
            parameter
            for parameter in signature.parameters.values()
            if parameter.kind != inspect.Parameter.VAR_KEYWORD and parameter.name not in _SESSION
        ]
        taken = {parameter.name for parameter in own}
        keywords = [one.parameter() for one in options if one.keyword not in taken]
        keywords += [
            inspect.Parameter(one.keyword, inspect.Parameter.KEYWORD_ONLY, default=None) for one in session
        ]
        first = [p for p in own if p.kind != inspect.Parameter.KEYWORD_ONLY]
        named = [p for p in own if p.kind == inspect.Parameter.KEYWORD_ONLY]

        @functools.wraps(function)
        def call(*args, **kwargs):
            return function(*args, **kwargs)

        call.__signature__ = signature.replace(parameters=first + named + keywords)
        call.__scgrids_options__ = [one for one in options if one.keyword not in taken]
        text = options_text(call.__scgrids_options__)
        text += "\n" + "\n".join(
            f"{one.keyword} : int, optional\n    {one.help}; without, that of ``scgrids.settings``."
            for one in session
        )
        call.__doc__ = inspect.cleandoc(function.__doc__ or "").replace("{options}", text)
        return call

    return decorate


class Files:
    """Tables that are given where the command line has files: written to a folder that goes again."""

    def __init__(self):
        self.folder: Optional[Any] = None

    def __enter__(self) -> "Files":
        return self

    def __exit__(self, kind, failure, trace) -> None:
        if self.folder is None:
            return
        self.folder.cleanup()
        if isinstance(failure, Error) and self.folder.name in str(failure):
            # Nobody gave a file of that name: the table is called by its option.
            told = re.sub(re.escape(self.folder.name) + r"/(\w+)\.\w+", r"\1 (the table given)", str(failure))
            raise Error(told, failure.kind) from None

    def _path(self, name: str) -> str:
        import tempfile

        if self.folder is None:
            self.folder = tempfile.TemporaryDirectory(prefix="scgrids-")
        return os.path.join(self.folder.name, name)

    def of(self, command: str, given: dict) -> dict:
        """The same options with paths in the place of DataFrames and lists."""
        paths = {one.keyword for one in options_of(command) if one.kind == "path"}
        return {name: self._one(name, value) if name in paths else value for name, value in given.items()}

    def _one(self, name: str, value: Any) -> Any:
        if value is None or isinstance(value, (str, os.PathLike)):
            return value
        if hasattr(value, "to_csv"):
            place = self._path(f"{name}.tsv")
            value.to_csv(place, sep="\t", index=False, na_rep="NA")
            return place
        if isinstance(value, Iterable):
            place = self._path(f"{name}.txt")
            with open(place, "w", encoding="utf-8") as out:
                out.writelines(f"{one}\n" for one in value)
            return place
        raise Error(f"{name}: {value!r} is no path, table or list", "usage")
