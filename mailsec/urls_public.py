"""Pages on the operator's host."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("", include("tenants.urls")),
    path("", include("accounts.urls")),
]
