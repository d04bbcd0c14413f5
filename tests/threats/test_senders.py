"""The operator's lists of senders, greylisting's memory, and the state of DNS block lists."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from mailsec.gateway.clients.dnsbl import ZoneState
from mailsec.gateway.errors import InvalidPolicy
from threats import selectors, services

NOW = timezone.now().replace(microsecond=0)
KEY, OTHER = b"k" * 16, b"o" * 16

pytestmark = pytest.mark.django_db


def after(**time: float) -> datetime:
    return NOW + timedelta(**time)


class TestLists:
    def test_entries_hold_until_they_end_or_are_taken_off(self) -> None:
        """A change is seen at once in the process that made it."""
        services.add_entry("block", "203.0.113.0/24", note="botnet")
        services.add_entry("allow", "Example.COM")
        found = selectors.operator_lists()
        assert found.block.holding_ip("203.0.113.9") == "203.0.113.0/24"
        assert found.allow.holding_address("a@example.com") == "example.com"
        assert selectors.operator_lists() is found
        services.remove_entry("block", "203.0.113.0/24")
        assert not selectors.operator_lists().block.holding_ip("203.0.113.9")
        assert [row.entry for row in selectors.sender_entries()] == ["example.com"]

    def test_ended_entries_do_not_count(self) -> None:
        """Whether or not anybody changed the list since."""
        end = timezone.now() + timedelta(seconds=0.2)
        services.add_entry("block", "example.com", expires_at=end)
        assert selectors.operator_lists().block.names
        while timezone.now() <= end:
            pass
        assert not selectors.operator_lists().block.names
        assert services.forget_ended(end + timedelta(days=1)) == 1

    @pytest.mark.parametrize(
        ("kind", "entry", "note"),
        [("deny", "example.com", ""), ("block", "com", ""), ("block", "example.com", "a\nb")],
    )
    def test_what_cannot_be_taken_is_said(self, kind: str, entry: str, note: str) -> None:
        """And nothing is stored."""
        with pytest.raises(InvalidPolicy):
            services.add_entry(kind, entry, note=note)
        assert selectors.sender_entries() == []

    def test_taking_off_what_is_not_there_is_an_error(self) -> None:
        """A mistyped entry would else seem to be gone."""
        with pytest.raises(InvalidPolicy):
            services.remove_entry("block", "example.com")


class TestGreylist:
    def test_mail_passes_when_it_comes_again_after_a_minute(self) -> None:
        """Not before, and then for 36 days after its last mail."""
        assert not services.greylist([KEY], NOW)
        assert not services.greylist([KEY], after(seconds=59))
        assert services.greylist([KEY], after(seconds=60))
        assert services.greylist([KEY], after(seconds=61))
        assert services.greylist([KEY], after(days=36))
        assert services.greylist([KEY], after(days=71))
        assert not services.greylist([KEY], after(days=108))

    def test_the_operator_may_ask_for_another_wait(self) -> None:
        """Which holds for what waits already, too."""
        assert not services.greylist([KEY], NOW, timedelta(minutes=5))
        assert not services.greylist([KEY], after(seconds=299), timedelta(minutes=5))
        assert services.greylist([KEY], after(seconds=299), timedelta(minutes=4))

    def test_who_comes_again_too_late_begins_anew(self) -> None:
        """After four hours it is another try."""
        assert not services.greylist([KEY], NOW)
        assert not services.greylist([KEY], after(hours=4, seconds=1))
        assert services.greylist([KEY], after(hours=5))

    def test_a_mail_passes_with_all_its_recipients_or_not_at_all(self) -> None:
        """One reply holds for all of them."""
        assert not services.greylist([KEY], NOW)
        assert not services.greylist([OTHER, KEY, KEY], after(minutes=2))
        assert services.greylist([OTHER, KEY], after(minutes=4))

    def test_what_is_over_is_removed(self) -> None:
        """The table stays small."""
        services.greylist([KEY, OTHER], NOW)
        services.greylist([OTHER], after(minutes=2))
        assert services.forget_ended_passes(after(hours=5)) == 1


class TestBlocklists:
    def test_the_operator_sees_how_each_list_stands_and_since_when(self) -> None:
        """Those that are no longer in the settings go."""
        one, two = ZoneState("one.example.net", True, ""), ZoneState("two.example.net", True, "")
        services.note_blocklists((one, two), NOW)
        broken = replace(one, working=False, problem="lists every address", asked=7)
        services.note_blocklists((broken,), after(hours=1))
        services.note_blocklists((replace(broken, asked=8),), after(hours=2))
        (row,) = selectors.blocklists()
        assert (row.zone, row.working, row.problem) == (one.zone, False, "lists every address")
        assert (row.since, row.checked_at, row.asked) == (after(hours=1), after(hours=2), 8)
