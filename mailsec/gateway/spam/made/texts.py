"""The hand-written bodies, and how alternatives and slots in them are filled."""

from __future__ import annotations

import random
import re
import string
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

NAMES = ("ja-ham", "ja-spam", "en-ham", "en-spam")
_INNERMOST = re.compile(r"\{([^{}]*)\}")
_MOST_ROUNDS = 400


@dataclass(frozen=True, slots=True)
class Template:
    """One hand-written body; ``fields`` are its Subject, Html, Files and so on, yet unfilled."""

    kind: str
    japanese: bool
    spam: bool
    fields: Mapping[str, str]
    body: str

    @property
    def everyday(self) -> bool:
        """Short or plain business mail, of which there are many bodies with few words each."""
        return self.kind.partition("/")[2].startswith(("s-", "m-"))


@cache
def templates() -> tuple[Template, ...]:
    """All bodies, in the order of the files."""
    return tuple(template for name in NAMES for template in _read(name))


def _read(name: str) -> list[Template]:
    found = []
    text = files(__package__).joinpath(f"{name}.txt").read_text(encoding="utf-8")
    for block in re.split(r"^== ", text, flags=re.MULTILINE)[1:]:
        lines = block.splitlines()
        fields: dict[str, str] = {}
        position = 1
        while position < len(lines) and (
            match := re.match(
                r"(Subject|NoSubject|Html|Files|From|Bounce|Calendar|Empty): (.*)", lines[position]
            )
        ):
            fields[match[1]] = match[2]
            position += 1
        body = "\n".join(lines[position:])
        kind = f"{name}/{lines[0].strip()}"
        found.append(Template(kind, name.startswith("ja"), name.endswith("spam"), fields, body))
    return found


@cache
def _pools() -> dict[str, tuple[str, ...]]:
    text = files(__package__).joinpath("pools.txt").read_text(encoding="utf-8")
    pools = {}
    for line in text.splitlines():
        name, _, values = line.partition(": ")
        pools[name] = _alternatives(values)
    return pools


def _alternatives(text: str) -> tuple[str, ...]:
    """Split at the bars that stand outside of braces."""
    pieces, depth = [""], 0
    for character in text:
        depth += {"{": 1, "}": -1}.get(character, 0)
        if character == "|" and not depth:
            pieces.append("")
        else:
            pieces[-1] += character
    return tuple(pieces)


def fill(text: str, chance: random.Random, slots: Mapping[str, str]) -> str:
    """The text with one alternative of each brace, and each slot from ``slots`` or the pools."""
    for _ in range(_MOST_ROUNDS):
        match = _INNERMOST.search(text)
        if match is None:
            break
        text = text[: match.start()] + _value(match[1], chance, slots) + text[match.end() :]
    return text


def _value(content: str, chance: random.Random, slots: Mapping[str, str]) -> str:
    if "|" in content:
        return chance.choice(content.split("|"))
    if content in slots:
        return slots[content]
    if content == "br":
        return "\n"
    if content == "n":
        return str(chance.randrange(1_000, 9_999_999))
    if content == "rand":
        return "".join(chance.choices(string.ascii_lowercase + string.digits, k=12))
    pool = _pools().get(content)
    return chance.choice(pool) if pool else content
