"""Hold rules as a CSV file: one rule a line, in their order; values of a cell parted by ``;``."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from mailsec.gateway.outbound.rules import Conditions, Exceptions, HoldRule, RuleAction
from policies.csv_text import Problem, rows_of, written
from policies.errors import InvalidRule
from policies.hold_values import SEPARATOR, checked
from policies.hold_wording import problem_words

COLUMNS = (
    *("name", "action", "enabled", "recipients", "attachment", "recipients_at_least"),
    *("senders", "keywords", "except_recipients", "except_senders", "except_keywords"),
)
_NEEDED = ("name", "action")
_SWITCH = {"": True, "yes": True, "no": False}
_ATTACHMENT = {"": None, "yes": True, "no": False}
_WORDS = {None: "", True: "yes", False: "no"}


@dataclass(frozen=True, slots=True)
class RuleReading:
    """The rules of a file in their order, or what is wrong with it."""

    rules: tuple[HoldRule, ...] = ()
    problems: tuple[Problem, ...] = ()


def read_rules(text: str, most: int) -> RuleReading:
    """Every rule of the file, or every line that is wrong; it never raises."""
    rules: dict[str, tuple[int, HoldRule]] = {}
    problems: list[Problem] = []
    try:
        for line, row in rows_of(text, _NEEDED):
            try:
                rule = _rule(row)
                if rule.name in rules:
                    raise ValueError(_same_name(rules[rule.name][0]))
                rules[rule.name] = (line, rule)
            except ValueError as error:
                problems.append(Problem(line, str(error)))
            if len(rules) > most:
                return _unreadable(_("The file has more than %(most)d rules.") % {"most": most})
    except KeyError:
        return _unreadable(_("The first line must name the columns: name, action, …"))
    except csv.Error:
        return _unreadable(_("The file is no CSV file."))
    if problems:
        return RuleReading(problems=tuple(problems))
    return RuleReading(tuple(rule for _line, rule in rules.values()))


def _unreadable(words: str) -> RuleReading:
    return RuleReading(problems=(Problem(0, words),))


def _same_name(line: int) -> str:
    return _("The rule in line %(line)d has the same name.") % {"line": line}


def _rule(row: Mapping[str, str]) -> HoldRule:
    try:
        rule = HoldRule(
            row.get("name", ""),
            _action(row.get("action", "")),
            Conditions(
                recipients=_values(row, "recipients"),
                attachment=_choice(_ATTACHMENT, row, "attachment"),
                recipients_at_least=_count(row.get("recipients_at_least", "")),
                senders=_values(row, "senders"),
                keywords=_values(row, "keywords"),
            ),
            Exceptions(
                _values(row, "except_recipients"),
                _values(row, "except_senders"),
                _values(row, "except_keywords"),
            ),
            bool(_choice(_SWITCH, row, "enabled")),
        )
        return checked(rule)
    except InvalidRule as error:
        raise ValueError(f"{error.field}: {problem_words(error)}") from None


def _action(text: str) -> RuleAction:
    try:
        return RuleAction(text.lower())
    except ValueError:
        raise ValueError(_("The action must be “hold” or “pass”.")) from None


def _choice(words: Mapping[str, bool | None], row: Mapping[str, str], column: str) -> bool | None:
    text = row.get(column, "").lower()
    if text not in words:
        raise ValueError(_("%(column)s takes “yes”, “no” or nothing.") % {"column": column})
    return words[text]


def _count(text: str) -> int:
    if text and not (text.isascii() and text.isdigit() and len(text) < 5):
        raise ValueError(_("recipients_at_least takes a number from 0 to 1,000."))
    return int(text or 0)


def _values(row: Mapping[str, str], column: str) -> tuple[str, ...]:
    cell = row.get(column, "").replace("\n", SEPARATOR)
    return tuple(value.strip() for value in cell.split(SEPARATOR) if value.strip())


def write_rules(rules: Iterable[HoldRule]) -> Iterator[str]:
    """The lines of the file, with its header; what is read again gives the same rules."""
    return written(_cells(rules))


def _cells(rules: Iterable[HoldRule]) -> Iterator[tuple[str, ...]]:
    yield COLUMNS
    for rule in rules:
        when, unless = rule.when, rule.unless
        yield (
            rule.name,
            rule.action.value,
            _WORDS[rule.enabled],
            SEPARATOR.join(when.recipients),
            _WORDS[when.attachment],
            str(when.recipients_at_least or ""),
            SEPARATOR.join(when.senders),
            SEPARATOR.join(when.keywords),
            SEPARATOR.join(unless.recipients),
            SEPARATOR.join(unless.senders),
            SEPARATOR.join(unless.keywords),
        )
