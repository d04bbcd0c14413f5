"""Pages on a tenant's host."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("", include("reports.urls")),
    path("messages/", include("quarantine.urls")),
    path("", include("accounts.urls")),
]
