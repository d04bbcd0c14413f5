"""Reputation on a real listener: clients come by PROXY, names from a name server on loopback."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_network

import dkim
import pytest

from mailsec.gateway.lists import TenantLists
from tests.gateway.clients.test_sender_proof import make_key
from tests.workers.smtpd.guarded import Place, guarded, listed, lists
from tests.workers.smtpd.running import ACME, MESSAGE
from workers.smtpd.reputation_ports import Rules

BAD = "203.0.113.9"  # no name, so 2 points; with an odd greeting 4
TO, OTHER = "user@example.com", "known@example.org"
SENDER = "sender@example.net"


@pytest.fixture
def place() -> Iterator[Place]:
    with guarded() as made:
        yield made


def send(
    place: Place, ip: str, sender: str = SENDER, to: str = TO, helo: str = "mail.example.net"
) -> int:
    with place.client(ip, helo) as client:
        return client.send(sender, to, MESSAGE).code


class TestLists:
    def test_a_good_client_is_taken(self, place: Place) -> None:
        """Nothing is noted, and greylisting is not asked."""
        assert send(place, "192.0.2.25") == 250
        assert place.reasons == []
        assert place.greylist.asked == 0

    @pytest.mark.parametrize("entry", ["203.0.113.0/24", "203.0.113.9/32", "example.net", SENDER])
    def test_the_operators_block_holds_for_every_tenant(self, place: Place, entry: str) -> None:
        """Said at the recipient, so that the tenant finds it; the reply names a reference only."""
        place.lists.operator = lists(block=[entry])
        with place.client(BAD) as client:
            assert client.command(f"MAIL FROM:<{SENDER}>").code == 250
            for to in (TO, OTHER):
                answer = client.command(f"RCPT TO:<{to}>")
                assert (answer.code, answer.text[:6]) == (554, "5.7.1 ")
                assert place.refusals.noted[0].reference in answer.text
                assert entry not in answer.text
        assert place.reasons == [("acme", "operator", 554), ("beta", "operator", 554)]
        assert place.refusals.noted[0].entry == entry
        assert place.running.stored == []

    def test_the_operators_allowance_is_a_hole_in_his_block(self, place: Place) -> None:
        """And lifts block lists too."""
        place.lists.operator = lists(allow=["203.0.113.9/32"], block=["203.0.113.0/24"])
        place.add(listed(BAD))
        assert send(place, BAD, helo="localhost") == 250
        assert place.greylist.asked == 0

    @pytest.mark.parametrize("entry", ["203.0.113.0/24", "example.net", SENDER])
    def test_a_tenants_block_is_its_own(self, place: Place, entry: str) -> None:
        """The other recipient of the same mail has it."""
        place.lists.tenants["acme"] = TenantLists(lists(block=[entry]))
        with place.client("203.0.113.9") as client:
            client.command(f"MAIL FROM:<{SENDER}>")
            assert client.command(f"RCPT TO:<{TO}>").code == 554
            assert client.command(f"RCPT TO:<{OTHER}>").code == 250
            assert client.data(MESSAGE).code == 250
        assert place.reasons == [("acme", "tenant", 554)]
        assert [mail.tenant for mail in place.running.stored] == ["beta"]

    def test_a_tenants_block_holds_against_the_operators_allowance(self, place: Place) -> None:
        """Nobody has to take what he does not want."""
        place.lists.operator = lists(allow=["example.net"])
        place.lists.tenants["acme"] = TenantLists(lists(block=["example.net"]))
        assert send(place, "192.0.2.25") == 554

    def test_a_users_block_is_the_users_own(self, place: Place) -> None:
        """In any letter case of the recipient."""
        own = {TO: lists(block=[SENDER])}
        place.lists.tenants["acme"] = TenantLists(users=own)
        assert send(place, "192.0.2.25", to="User@Example.com") == 554
        assert send(place, "192.0.2.25", to="other@example.com") == 250
        assert place.reasons == [("acme", "user", 554)]

    @pytest.mark.parametrize("entry", [f"{BAD}/32", "example.net", SENDER])
    def test_an_allowance_outweighs_block_lists_for_its_tenant_alone(
        self, place: Place, entry: str
    ) -> None:
        """And spares greylisting."""
        place.add(listed(BAD))
        place.lists.tenants["acme"] = TenantLists(lists(allow=[entry]))
        assert send(place, BAD, helo="localhost") == 250
        assert send(place, BAD, to=OTHER, helo="localhost") == 554
        assert place.reasons == [("beta", "reputation", 554)]

    def test_no_list_makes_a_relay(self, place: Place) -> None:
        """Who is allowed everywhere still writes to registered domains alone."""
        place.lists.operator = lists(allow=[f"{BAD}/32"])
        with place.client(BAD) as client:
            client.command(f"MAIL FROM:<{SENDER}>")
            assert client.command("RCPT TO:<user@example.jp>").code == 550
        assert place.reasons == []

    def test_the_unwanted_learn_of_no_address(self, place: Place) -> None:
        """Unknown and known recipients hear the same."""
        place.lists.operator = lists(block=[f"{BAD}/32"])
        assert send(place, BAD, to="unknown@example.org") == send(place, BAD, to=OTHER) == 554


class TestBlocklists:
    def test_a_listed_client_is_refused_and_the_tenant_reads_why(self, place: Place) -> None:
        """With the points, none of which stands in the reply."""
        place.add(listed(BAD))
        with place.client(BAD) as client:
            answer = client.send(SENDER, TO, MESSAGE)
        assert answer.code == 554
        assert "dnsbl" not in answer.text
        (noted,) = place.refusals.noted
        assert [point.code for point in noted.points] == ["dnsbl", "no-ptr"]
        assert (noted.client_ip, noted.sender, noted.recipient) == (BAD, SENDER, TO)

    def test_error_codes_refuse_nobody(self, place: Place) -> None:
        """A list over its limit answers so for everybody."""
        place.add(listed("192.0.2.25", "127.255.255.254"))
        assert send(place, "192.0.2.25") == 250

    def test_silent_lists_refuse_nobody(self, place: Place) -> None:
        """The mail does not wait for an answer that never comes."""
        place.dns.silent.add("25.2.0.192.dnsbl.example.net")
        assert send(place, "192.0.2.25") == 250
        assert ("25.2.0.192.dnsbl.example.net", "A") in place.dns.questions
        assert place.reasons == []

    def test_a_tenant_may_do_without(self, place: Place) -> None:
        """The other tenant's mail is judged all the same."""
        place.add(listed(BAD))
        place.running.directory.domains["example.com"] = replace(ACME, reputation_check=False)
        assert send(place, BAD) == 250
        assert send(place, BAD, to=OTHER) == 554

    def test_weights_add_up_with_names(self) -> None:
        """A light list alone delays; with a hopeless greeting it refuses."""
        with guarded(setting="dnsbl.example.net:5") as place:
            place.add(listed("192.0.2.25"), listed(BAD))
            assert send(place, "192.0.2.25") == 451
            assert send(place, BAD, helo="mx.example.org") == 554

    def test_ipv6_clients_are_asked_about_too(self, place: Place) -> None:
        """By nibbles."""
        nibbles = ".".join(reversed("20010db8000000000000000000000025"))
        place.add({f"{nibbles}.dnsbl.example.net": {"A": ["127.0.0.2"]}})
        assert send(place, "2001:db8::25") == 554

    def test_exempt_clients_are_not_asked_about(self) -> None:
        """No question leaves, lists hold."""

        rules = Rules(seconds=1.0, exempt=(ip_network("203.0.113.0/24"),))
        with guarded(rules) as place:
            place.add(listed(BAD))
            before = len(place.dns.questions)
            assert send(place, BAD, helo="localhost") == 250
            assert len(place.dns.questions) == before
            place.lists.operator = lists(block=[f"{BAD}/32"])
            assert send(place, BAD) == 554

    @pytest.mark.parametrize(
        "ptr", ["<script>.example.net.", "a\\032b\\000c.example.net.", "x" * 63 + ".example.net."]
    )
    def test_hostile_names_are_only_names(self, place: Place, ptr: str) -> None:
        """They are noted as they are and shown escaped; no session breaks."""
        place.add({"9.113.0.203.in-addr.arpa": {"PTR": [ptr]}}, listed(BAD))
        with place.client(BAD, helo="<script>alert(1)</script>") as client:
            assert client.send(SENDER, TO, MESSAGE).code == 554
        assert "<" not in place.refusals.noted[0].helo


class TestGreylisting:
    def test_a_doubtful_client_is_asked_to_come_again_and_then_taken(self, place: Place) -> None:
        """At the end of the mail, when it is known that nobody signed it."""
        with place.client(BAD, "localhost") as client:
            assert client.envelope(SENDER, TO) == [250, 250]
            answer = client.data(MESSAGE)
            assert (answer.code, answer.text[:6]) == (451, "4.7.1 ")
        assert place.reasons == [("acme", "greylisted", 451)]
        assert send(place, BAD, helo="localhost") == 250
        assert len(place.running.stored) == 1

    def test_that_it_came_again_is_told_where_its_refusal_stands(self, place: Place) -> None:
        """By the same key, and only once the mail is stored."""
        assert send(place, BAD, helo="localhost") == 451
        (put_off,) = place.refusals.noted
        assert put_off.grey_key and place.refusals.settled == []
        place.running.intake.unavailable = True
        assert send(place, BAD, helo="localhost") == 451
        assert place.refusals.settled == []
        place.running.intake.unavailable = False
        assert send(place, BAD, helo="localhost") == 250
        assert place.refusals.settled == [("acme", put_off.grey_key)]

    def test_mail_without_doubt_settles_nothing(self, place: Place) -> None:
        """It costs the database no question."""
        assert send(place, "192.0.2.25") == 250
        assert place.refusals.settled == []

    def test_a_neighbour_of_the_same_network_may_come_again(self, place: Place) -> None:
        """Large senders have many servers; another sender or recipient is new."""
        assert send(place, BAD, helo="localhost") == 451
        assert send(place, "203.0.113.77", helo="localhost") == 250
        assert send(place, BAD, "other@example.net", helo="localhost") == 451
        assert send(place, "198.51.100.9", helo="localhost") == 451

    def test_who_passes_spf_is_never_greylisted(self, place: Place) -> None:
        """Whatever else speaks against it."""
        place.add({"example.net": {"TXT": [f'"v=spf1 ip4:{BAD} -all"']}})
        assert send(place, BAD, helo="localhost") == 250
        assert place.greylist.asked == 0

    def test_whose_signature_holds_is_never_greylisted(self, place: Place) -> None:
        """A broken one proves nothing."""
        private, record = make_key()
        parts = " ".join(f'"{record[i : i + 200]}"' for i in range(0, len(record), 200))
        place.add({"s1._domainkey.example.org": {"TXT": [parts]}})
        signed = dkim.sign(MESSAGE, b"s1", b"example.org", private) + MESSAGE
        with place.client(BAD, "localhost") as client:
            assert client.send(SENDER, TO, signed).code == 250
            broken = signed.replace(b"body", b"b0dy")
            assert client.send(SENDER, TO, broken).code == 451

    def test_a_tenant_may_do_without(self, place: Place) -> None:
        """Then doubts alone delay nothing."""
        place.running.directory.domains["example.com"] = replace(ACME, greylisting=False)
        assert send(place, BAD, helo="localhost") == 250

    def test_recipients_of_both_kinds_come_apart(self, place: Place) -> None:
        """One reply holds for the whole mail, so the second kind is asked to come in its own."""
        place.running.directory.domains["example.com"] = replace(ACME, greylisting=False)
        with place.client(BAD, "localhost") as client:
            assert client.envelope(SENDER, TO, OTHER) == [250, 250, 452]
            assert client.data(MESSAGE).code == 250
            assert client.envelope(SENDER, OTHER, TO) == [250, 250, 452]
            assert client.data(MESSAGE).code == 451
        assert [mail.tenant for mail in place.running.stored] == ["acme"]

    def test_without_its_memory_nothing_is_delayed(self, place: Place) -> None:
        """Forgetting may delay; having no memory may not."""
        place.greylist.available = False
        assert send(place, BAD, helo="localhost") == 250

    def test_an_unknown_recipient_leaves_no_doubt_behind(self, place: Place) -> None:
        """550 for the one, and the mail is judged by those that were taken."""
        place.running.directory.domains["example.com"] = replace(ACME, greylisting=False)
        with place.client(BAD, "localhost") as client:
            assert client.envelope(SENDER, "unknown@example.org", TO) == [250, 550, 250]
            assert client.data(MESSAGE).code == 250


class TestRates:
    def test_a_client_has_a_rate_of_mails_and_of_recipients(self) -> None:
        """450, so that a proper server comes again; the neighbour's network has its own."""
        with guarded(Rules(seconds=1.0, mails_per_minute=2, recipients_per_minute=3)) as place:
            with place.client() as client:
                assert client.envelope(SENDER, TO, TO) == [250, 250, 250]
                client.command("RSET")
                assert client.envelope(SENDER, TO, TO) == [250, 250, 450]
                client.command("RSET")
                assert client.command(f"MAIL FROM:<{SENDER}>").code == 450
            assert place.reasons == [("acme", "rate", 450)]
            assert send(place, "198.51.100.7") == 250


def test_without_questions_lists_and_rates_hold() -> None:
    """Where the operator switched reputation off, nobody is greylisted, and lists are obeyed."""
    with guarded(Rules(mails_per_minute=2), asking=False) as place:
        before = len(place.dns.questions)
        assert send(place, BAD, helo="localhost") == 250
        place.lists.operator = lists(block=["example.net"])
        assert send(place, BAD) == 554
        with place.client(BAD) as client:
            assert client.command(f"MAIL FROM:<{SENDER}>").code == 450
        assert len(place.dns.questions) == before


def test_a_bounce_is_judged_by_its_greeting(place: Place) -> None:
    """The empty sender is no way around greylisting, nor is it blocked by names."""
    place.lists.operator = lists(block=["example.net"])
    assert send(place, BAD, sender="", helo="localhost") == 451
    place.add({"bounces.example.org": {"TXT": [f'"v=spf1 ip4:{BAD} -all"']}})
    assert send(place, BAD, sender="", helo="bounces.example.org") == 250


def test_a_client_that_leaves_ends_its_questions(place: Place) -> None:
    """And the listener stops without waiting for them."""
    place.dns.silent.update({"9.113.0.203.in-addr.arpa", "9.113.0.203.dnsbl.example.net"})
    for _ in range(5):
        with place.client(BAD):
            pass
    assert send(place, "192.0.2.25") == 250


def test_pipelined_commands_wait_for_the_answers(place: Place) -> None:
    """In one block, as RFC 2920 allows."""
    place.add(listed(BAD))
    with place.client(BAD) as client:
        client.raw(f"MAIL FROM:<{SENDER}>\r\nRCPT TO:<{TO}>\r\nDATA\r\nQUIT\r\n".encode())
        assert client.codes_until_close() == [250, 554, 503, 221]


def test_the_reference_is_the_same_for_a_whole_connection(place: Place) -> None:
    """A tenant that searches for it finds all that the sender heard."""
    place.lists.operator = lists(block=["example.net"])
    for _ in range(2):
        with place.client() as client:
            client.envelope(SENDER, TO, OTHER)
    references = [one.reference for one in place.refusals.noted]
    assert references[0] == references[1] != references[2] == references[3]
    assert base64.b16decode(references[0].upper())
