"""Sign-in, sign-out and the language switch."""

from __future__ import annotations

import re

import pytest

from accounts.models import AuditEntry, TenantRole, User
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.console import (
    OPERATOR_HOST,
    PASSWORD,
    Visitor,
    at_console,
    at_operator,
    host_of,
    operator,
    person,
)


def without_tokens(page: bytes) -> str:
    return re.sub(r'value="[^"]*"', "", page.decode())


def test_a_stranger_is_led_to_sign_in_and_then_where_he_wanted(tenant: Tenant) -> None:
    """The query goes along."""
    visitor = Visitor(host_of(tenant))
    answer = visitor.get("/messages/?state=shunted")
    assert answer.status_code == 302
    assert answer["location"] == "/sign-in/?next=/messages/%3Fstate%3Dshunted"
    assert visitor.get(answer["location"]).status_code == 200
    signed_in = visitor.sign_in(person(tenant), url=answer["location"])
    assert signed_in["location"] == "/messages/?state=shunted"


def test_signing_in_makes_a_new_session(tenant: Tenant) -> None:
    """A session that somebody planted before is worth nothing afterwards."""
    visitor = Visitor(host_of(tenant))
    with tenant_scope(tenant):
        session = visitor.session
        session["planted"] = "yes"
        session.save()
    before = visitor.cookies["sessionid"].value
    visitor.sign_in(person(tenant))
    assert visitor.cookies["sessionid"].value != before


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "Sign-in failed."), ("ja", "サインインできませんでした。")],
)
def test_unknown_wrong_and_locked_get_the_same_answer(
    tenant: Tenant, language: str, words: str
) -> None:
    """Nobody learns from the page whether an account exists."""
    email = person(tenant)
    visitor = Visitor(host_of(tenant), language)
    wrong = visitor.sign_in(email, "no")
    unknown = visitor.sign_in("nobody@alpha.example.jp", "no")
    for _ in range(5):
        visitor.sign_in(email, "no")
    locked = visitor.sign_in(email)
    pages = [without_tokens(answer.content) for answer in (wrong, unknown, locked)]
    assert words in pages[0]
    assert pages[0] == pages[1] == pages[2]


def test_after_five_failures_the_right_password_does_not_open(tenant: Tenant) -> None:
    """The lock holds for the account, whoever asks."""
    email = person(tenant)
    guesser = Visitor(host_of(tenant))
    for _ in range(5):
        assert guesser.sign_in(email, "guess").status_code == 200
    assert Visitor(host_of(tenant)).sign_in(email, PASSWORD).status_code == 200


@pytest.mark.parametrize("target", ["https://www.example.net/", "//www.example.net/", "/sign-in/"])
def test_sign_in_leads_to_no_other_host_and_not_back_to_itself(tenant: Tenant, target: str) -> None:
    """An unsafe next is as good as none, also for who is signed in already."""
    visitor = Visitor(host_of(tenant))
    url = f"/sign-in/?next={target}"
    assert visitor.sign_in(person(tenant), url=url)["location"] == "/"
    assert visitor.get(url)["location"] == "/"


def test_an_address_with_a_control_character_is_refused_with_words(tenant: Tenant) -> None:
    """PostgreSQL would refuse NUL with an error."""
    answer = Visitor(host_of(tenant)).sign_in("a\0b@alpha.example.jp", "x")
    assert answer.status_code == 200
    assert "field-error" in answer.content.decode()


def test_sign_in_is_in_the_audit_log(tenant: Tenant) -> None:
    """With the account and the address it came from."""
    at_console(tenant)
    with tenant_scope(tenant):
        entry = AuditEntry.objects.get(action="user.sign-in")
    assert (entry.actor, entry.address) == ("admin@alpha.example.jp", "127.0.0.1")


def test_signing_out_takes_a_form_and_ends_the_session(tenant: Tenant) -> None:
    """A link from elsewhere signs nobody out."""
    visitor = at_console(tenant)
    assert visitor.get("/sign-out/").status_code == 405
    assert visitor.get("/").status_code == 200
    assert visitor.post("/sign-out/")["location"] == "/sign-in/"
    assert visitor.get("/").status_code == 302


def test_an_operators_session_opens_no_tenant(tenant: Tenant) -> None:
    """Sessions lie in the schema of their host."""
    visitor = at_operator()
    cookie = visitor.cookies["sessionid"].value
    other = Visitor(host_of(tenant))
    other.cookies["sessionid"] = cookie
    assert other.get("/")["location"] == "/sign-in/?next=/"


def test_a_tenants_session_opens_neither_the_operator_nor_another_tenant(
    tenant: Tenant, other_tenant: Tenant
) -> None:
    """The same key in another schema is unknown."""
    cookie = at_console(tenant).cookies["sessionid"].value
    for host in (OPERATOR_HOST, host_of(other_tenant)):
        other = Visitor(host)
        other.cookies["sessionid"] = cookie
        assert other.get("/")["location"] == "/sign-in/?next=/"


def test_accounts_are_known_on_their_own_host_alone(tenant: Tenant, other_tenant: Tenant) -> None:
    """Address and password of one console open no other."""
    staff, customer = operator(), person(tenant)
    assert Visitor(host_of(tenant)).sign_in(staff).status_code == 200
    assert Visitor(OPERATOR_HOST).sign_in(customer).status_code == 200
    assert Visitor(host_of(other_tenant)).sign_in(customer).status_code == 200


def test_the_language_is_switched_and_remembered(tenant: Tenant) -> None:
    """By cookie at once, and for the account on the next sign-in elsewhere."""
    visitor = at_console(tenant, TenantRole.OWNER)
    answer = visitor.post("/language/", {"language": "ja", "next": "/messages/"})
    assert answer["location"] == "/messages/"
    assert '<html lang="ja">' in visitor.get("/").content.decode()
    with tenant_scope(tenant):
        assert User.objects.get().language == "ja"


def test_the_accounts_language_wins_over_the_browsers(tenant: Tenant) -> None:
    """Unless a cookie says otherwise."""
    visitor = Visitor(host_of(tenant), "ja")
    assert '<html lang="ja">' in visitor.get("/sign-in/").content.decode()
    visitor.sign_in(person(tenant))
    assert '<html lang="en">' in visitor.get("/").content.decode()


def test_the_language_switch_takes_known_languages_of_a_form_and_stays_here(
    tenant: Tenant,
) -> None:
    """Nothing changes by GET, by an unknown language, or towards another host."""
    visitor = at_console(tenant)
    assert visitor.get("/language/").status_code == 405
    visitor.post("/language/", {"language": "xx", "next": "/"})
    assert '<html lang="en">' in visitor.get("/").content.decode()
    answer = visitor.post("/language/", {"language": "ja", "next": "//www.example.net/"})
    assert answer["location"] == "/"


def test_a_form_without_its_token_is_refused_in_the_readers_language(tenant: Tenant) -> None:
    """The page says that nothing was done."""
    visitor = Visitor(host_of(tenant), "ja", enforce_csrf_checks=True)
    answer = visitor.sign_in("a@alpha.example.jp")
    assert answer.status_code == 403
    assert "画面の有効期限が切れました" in answer.content.decode()


@pytest.mark.parametrize("path", ["/sign-in/", "/no-such-page"])
def test_every_page_has_a_strict_content_security_policy(tenant: Tenant, path: str) -> None:
    """No inline script, no inline style, no foreign host."""
    policy = Visitor(host_of(tenant)).get(path)["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
