"""The tenant's pages about messages, and those of the quarantine."""

from __future__ import annotations

from django.urls import path, re_path

from quarantine.views import actions, contents, digest_link, held, messages, refused

_MESSAGE = r"^(?P<queue_id>[0-9a-f]{32})/"

urlpatterns = [
    path("", messages.messages, name="messages"),
    path("refused/", refused.refused_mail, name="refused"),
    re_path(rf"{_MESSAGE}$", messages.message, name="message"),
]
quarantine = [
    path("", held.held, name="quarantine"),
    path("confirm/", actions.confirm, name="quarantine-confirm"),
    path("act/", actions.act, name="quarantine-act"),
    re_path(rf"{_MESSAGE}$", held.held_message, name="quarantine-message"),
    re_path(rf"{_MESSAGE}html/$", contents.html, name="quarantine-html"),
    re_path(rf"{_MESSAGE}files/(?P<index>[0-9]{{1,5}})/$", contents.file, name="quarantine-file"),
    re_path(rf"{_MESSAGE}release/$", actions.release_one, name="quarantine-release"),
    re_path(rf"{_MESSAGE}original/$", actions.release_original, name="quarantine-original"),
    re_path(rf"{_MESSAGE}learn/$", actions.learn_one, name="quarantine-learn"),
    re_path(
        r"^digest/(?P<token>[A-Za-z0-9_-]{43})$", digest_link.digest_page, name="quarantine-digest"
    ),
    # A token of 256 bits; no slash behind it, as it stands in the digest.
    re_path(r"^(?P<token>[A-Za-z0-9_-]{43})$", digest_link.digest_link, name="quarantine-link"),
]
