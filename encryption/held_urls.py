"""The console's pages of held mail: its queue, and one mail each."""

from __future__ import annotations

from django.urls import path, re_path

from encryption import held_views
from quarantine.views import hold_queue

_MAIL = r"^(?P<queue_id>[0-9a-f]{32})/"

urlpatterns = [
    path("", hold_queue.hold_queue, name="holds"),
    path("confirm/", hold_queue.confirm, name="holds-confirm"),
    path("act/", hold_queue.act, name="holds-act"),
    re_path(rf"{_MAIL}$", held_views.held_mail, name="held-mail"),
    re_path(rf"{_MAIL}act/$", held_views.decide, name="held-decide"),
    re_path(rf"{_MAIL}html/$", held_views.html, name="held-html"),
    re_path(rf"{_MAIL}files/(?P<index>[0-9]{{1,5}})/$", held_views.file, name="held-file"),
]
