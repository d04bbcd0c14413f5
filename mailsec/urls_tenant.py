"""Pages on a tenant's host."""

from __future__ import annotations

from django.urls import include, path

from quarantine.urls import quarantine

urlpatterns = [
    path("", include("reports.urls")),
    path("messages/", include("quarantine.urls")),
    path("quarantine/", include(quarantine)),
    path("", include("accounts.urls")),
]
