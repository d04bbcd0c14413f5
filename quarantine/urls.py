"""The tenant's pages about messages."""

from __future__ import annotations

from django.urls import path, re_path

from quarantine import refusal_views, views

urlpatterns = [
    path("", views.messages, name="messages"),
    path("refused/", refusal_views.refused_mail, name="refused"),
    re_path(r"^(?P<queue_id>[0-9a-f]{32})/$", views.message, name="message"),
]
