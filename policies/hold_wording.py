"""Hold rules in words: what they say, why they do not meet, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from mailsec.gateway.outbound.rules import HoldRule, Miss, RuleAction
from policies.errors import InvalidRule, Problem

_SHOWN = 3  # values of one condition; the others are counted

_PROBLEMS: Mapping[Problem, Any] = {
    Problem.NAME: gettext_lazy("A name is one line of 1 to 100 characters."),
    Problem.TITLE: gettext_lazy("A name is one line of at most 100 characters."),
    Problem.TAKEN: gettext_lazy("Another rule has this name."),
    Problem.ENTRY: gettext_lazy("“%(value)s” is neither a mail address nor a domain."),
    Problem.KEYWORD: gettext_lazy(
        "“%(value)s” is no keyword: it takes one line of at most 100 characters without a "
        "semicolon."
    ),
    Problem.COUNT: gettext_lazy("Enter a number from 0 to 1,000."),
    Problem.TOO_MANY: gettext_lazy("A field takes at most 500 values."),
    Problem.FULL: gettext_lazy("There are as many as there may be."),
    Problem.GONE: gettext_lazy("It is not there any more."),
    Problem.INSIDE: gettext_lazy("“%(value)s” is no address of your mail domains."),
    Problem.MEMBERS: gettext_lazy("A group takes 1 to 1,000 members."),
}


def problem_words(error: InvalidRule) -> str:
    """What is wrong, for the person who entered it."""
    return str(_PROBLEMS[error.problem]) % {"value": error.value}


def in_a_sentence(rule: HoldRule) -> str:
    """What the rule does, with its conditions and exceptions."""
    holds = rule.action is RuleAction.HOLD
    conditions = _joined(_("%(condition)s %(next)s"), "condition", list(_conditions(rule)))
    if conditions:
        pattern = (
            _("Mail %(conditions)s is held.") if holds else _("Mail %(conditions)s goes at once.")
        )
    else:
        pattern = (
            _("All mail to outside is held.") if holds else _("All mail to outside goes at once.")
        )
    sentence = pattern % {"conditions": conditions}
    exceptions = _joined(_("%(exception)s, or %(next)s"), "exception", list(_exceptions(rule)))
    if not exceptions:
        return sentence
    rest = _("Except mail %(exceptions)s.") % {"exceptions": exceptions}
    return _("%(sentence)s %(next)s") % {"sentence": sentence, "next": rest}


def _joined(pattern: str, name: str, texts: Sequence[str]) -> str:
    """The texts put together two by two, as the language does it."""
    return reduce(lambda left, right: pattern % {name: left, "next": right}, texts) if texts else ""


def _conditions(rule: HoldRule) -> Iterator[str]:
    when = rule.when
    if when.recipients:
        yield _("to %(values)s") % {"values": _values(when.recipients)}
    if when.attachment is not None:
        yield _("with attachments") if when.attachment else _("without attachments")
    if when.recipients_at_least > 1:
        yield ngettext(
            "to at least %(count)d outside recipient",
            "to at least %(count)d outside recipients",
            when.recipients_at_least,
        ) % {"count": when.recipients_at_least}
    yield from _of_sender_and_words(when.senders, when.keywords)


def _exceptions(rule: HoldRule) -> Iterator[str]:
    unless = rule.unless
    if unless.recipients:
        yield _("to %(values)s") % {"values": _values(unless.recipients)}
    yield from _of_sender_and_words(unless.senders, unless.keywords)


def _of_sender_and_words(senders: Sequence[str], keywords: Sequence[str]) -> Iterator[str]:
    if senders:
        yield _("from %(values)s") % {"values": _values(senders)}
    if keywords:
        quoted = [_("“%(word)s”") % {"word": word} for word in keywords]
        yield _("that says %(values)s") % {"values": _values(quoted)}


def _values(values: Sequence[str]) -> str:
    shown = _joined(_("%(value)s or %(next)s"), "value", values[:_SHOWN])
    more = len(values) - _SHOWN
    if more <= 0:
        return shown
    return ngettext("%(shown)s or %(count)d more", "%(shown)s or %(count)d more", more) % {
        "shown": shown,
        "count": more,
    }


_MISSES: Mapping[Miss, Any] = {
    Miss.DISABLED: gettext_lazy("The rule is switched off."),
    Miss.RECIPIENT: gettext_lazy("The recipient is not among those of the rule."),
    Miss.COUNT: gettext_lazy("The mail has fewer outside recipients than the rule asks for."),
    Miss.SENDER: gettext_lazy("The sender is not among those of the rule."),
    Miss.KEYWORD: gettext_lazy("Subject and text hold none of its keywords."),
    Miss.EXCEPT_RECIPIENT: gettext_lazy("The recipient is an exception of the rule."),
    Miss.EXCEPT_SENDER: gettext_lazy("The sender is an exception of the rule."),
    Miss.EXCEPT_KEYWORD: gettext_lazy("Subject or text hold a keyword that is an exception."),
}


def miss_words(miss: Miss, rule: HoldRule) -> str:
    """Why the rule does not meet a copy."""
    if miss is Miss.ATTACHMENT:
        return (
            _("The mail has no attachment.")
            if rule.when.attachment
            else _("The mail has an attachment.")
        )
    return str(_MISSES[miss])
