"""The built-in scanner: hashes first, then YARA rules, both read once when a process starts."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import yara_x

from mailsec.gateway.errors import ScannerUnavailable
from mailsec.gateway.ports import ScanResult

_FOLDER = Path(__file__).parent
_HASH_LINE = re.compile(r"([0-9a-f]{64}) (\S+)")
_RULE_FACT = re.compile(r"^// (version|date): (\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Definitions:
    """What the scanner knows, and as of when; ``date`` is the rules' own, as YYYY-MM-DD."""

    version: str
    date: str
    rules: str
    hashes: Mapping[str, str]


def load_definitions(folder: Path = _FOLDER) -> Definitions:
    """Reads ``rules.yar`` and ``hashes.txt``; a line that is neither hash nor comment raises."""
    rules = (folder / "rules.yar").read_text(encoding="utf-8")
    facts = dict(_RULE_FACT.findall(rules))
    hashes: dict[str, str] = {}
    for number, line in enumerate((folder / "hashes.txt").read_text("ascii").splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        entry = _HASH_LINE.fullmatch(line)
        if entry is None:
            raise ValueError(
                f"hashes.txt, line {number}: expected a SHA-256 in lower case and a name"
            )
        hashes[entry[1]] = entry[2]
    return Definitions(facts["version"], facts["date"], rules, MappingProxyType(hashes))


class BuiltinScanner:
    """A ``VirusScanner`` that needs no other process.

    A scan that takes longer than ``timeout`` seconds gives no answer, and never "clean".
    """

    name = "builtin"

    def __init__(self, definitions: Definitions | None = None, timeout: int = 30) -> None:
        self.definitions = definitions or load_definitions()
        compiler = yara_x.Compiler(includes_enabled=False)
        compiler.add_source(self.definitions.rules, origin="rules.yar")
        self._rules = compiler.build()
        self._timeout = timeout

    def scan(self, content: bytes) -> ScanResult:
        known = self.definitions.hashes.get(hashlib.sha256(content).hexdigest())
        if known is not None:
            return ScanResult(known)
        # A yara_x.Scanner belongs to the thread that made it, and making one takes microseconds.
        scanner = yara_x.Scanner(self._rules)
        scanner.set_timeout(self._timeout)
        try:
            matches = scanner.scan(content).matching_rules
        except (yara_x.TimeoutError, yara_x.ScanError) as error:
            raise ScannerUnavailable("the built-in scan was not finished") from error
        return ScanResult(_reported_name(matches[0]) if matches else "")


def _reported_name(rule: yara_x.Rule) -> str:
    names = [str(value) for key, value in rule.metadata if key == "name"]
    return names[0] if names else rule.identifier
