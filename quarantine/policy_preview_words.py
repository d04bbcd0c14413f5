"""A preview in words, and what it cannot tell."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from mailsec.gateway.policy import Policy
from quarantine.explain import Badge
from quarantine.policy_preview import Example, Preview
from quarantine.reconsider import Treatment, Way

_WAYS: dict[Way, tuple[Any, str]] = {
    Way.DELIVERED: (gettext_lazy("Delivered as usual"), "good"),
    Way.TAGGED: (gettext_lazy("Delivered with the tag"), "warn"),
    Way.QUARANTINED: (gettext_lazy("Kept in quarantine"), "bad"),
    Way.RESTRICTED: (gettext_lazy("Kept, for administrators only"), "bad"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: from what to what, how many, and some of them."""

    before: Badge
    after: Badge
    more_before: str
    more_after: str
    count: int
    examples: tuple[Example, ...]


def rows(preview: Preview) -> list[Row]:
    """The table's lines."""
    return [
        Row(
            _badge(change.before),
            _badge(change.after),
            _besides(change.before),
            _besides(change.after),
            change.count,
            change.examples,
        )
        for change in preview.changes
    ]


def _badge(treatment: Treatment) -> Badge:
    text, tone = _WAYS[treatment.way]
    return Badge(str(text), tone)


def _besides(treatment: Treatment) -> str:
    said = []
    if treatment.warned:
        said.append(_("with a warning"))
    if treatment.removed:
        said.append(
            ngettext(
                "%(count)d attachment removed", "%(count)d attachments removed", treatment.removed
            )
            % {"count": treatment.removed}
        )
    return _(", ").join(said)


def untold(present: Policy, draft: Policy, changed: Collection[str], preview: Preview) -> list[str]:
    """What the figures leave out, in sentences: nothing was looked for then that was not wanted."""
    return list(_untold(present, draft, frozenset(changed), preview))


def _untold(
    present: Policy, draft: Policy, changed: frozenset[str], preview: Preview
) -> Iterator[str]:
    if set(draft.file_types) - set(present.file_types) or _switched_on(
        "file_type_check", present, draft
    ):
        yield _(
            "Files of types that are forbidden only now were not looked for at that time, so they "
            "do not appear here."
        )
    if set(present.file_types) - set(draft.file_types):
        yield _(
            "Of each forbidden file one type was recorded. A file that has another forbidden type "
            "besides would still be removed."
        )
    if "file_type_exceptions" in changed:
        yield _("Exceptions for file types are not taken into account.")
    if _switched_on("virus_check", present, draft):
        yield _("While the virus check was off, nothing was scanned; that cannot be made up for.")
    if preview.unscored and changed & _SCORED:
        yield ngettext(
            "%(count)d mail has no spam score, because the check was off or not available.",
            "%(count)d mails have no spam score, because the check was off or not available.",
            preview.unscored,
        ) % {"count": preview.unscored}
    if preview.unchecked and changed & _AUTHENTICATED:
        yield ngettext(
            "For %(count)d mail the sender's authentication was not checked.",
            "For %(count)d mails the sender's authentication was not checked.",
            preview.unchecked,
        ) % {"count": preview.unchecked}
    if _blocks(present) != _blocks(draft):
        yield _(
            "Mail whose envelope or server is on a block list is refused at once, before it is "
            "taken in. Here it is counted as kept in quarantine."
        )
    if changed & {"protected_names", "protected_domains"}:
        yield _(
            "Names and domains were compared with the lists of that time, so changes to them do "
            "not show here."
        )


def _blocks(policy: Policy) -> tuple[object, ...]:
    users = {owner: lists.block for owner, lists in policy.user_entries.items()}
    return policy.lists.block, users


def _switched_on(key: str, present: Policy, draft: Policy) -> bool:
    return bool(getattr(draft, key)) and not getattr(present, key)


_SCORED = frozenset(("spam_check", "tag_score", "quarantine_score", "above_quarantine_score"))
_AUTHENTICATED = frozenset(
    (
        *("authentication_check", "dmarc_reject", "dmarc_quarantine", "dmarc_none", "spf_fail"),
        *("authentication_exceptions", "arc_sealers"),
    )
)
