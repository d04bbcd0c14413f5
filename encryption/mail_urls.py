"""The pages of an outbound mail's sender, without an account: below ``/mail/``."""

from __future__ import annotations

from django.urls import path, re_path

from encryption import mine_views, sender_views

# A token of 256 bits; no slash behind it, as it stands in the notices.
_LINK = r"^(?P<token>[A-Za-z0-9_-]{43})"

urlpatterns = [
    path("", mine_views.my_mails, name="my-mails"),
    re_path(rf"{_LINK}$", sender_views.sender_page, name="sender-page"),
    re_path(rf"{_LINK}/html/$", sender_views.html, name="sender-html"),
    re_path(rf"{_LINK}/files/(?P<index>[0-9]{{1,5}})/$", sender_views.file, name="sender-file"),
    # Whatever else stands there: the same page as for a link that opens nothing any more.
    re_path(r"^(?P<address>.+)$", sender_views.no_link),
]
