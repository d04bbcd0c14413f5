"""Pages on a tenant's host."""

from __future__ import annotations

from django.urls import include, path

from quarantine import policy_preview_views
from quarantine.urls import quarantine

urlpatterns = [
    path("", include("reports.urls")),
    path("messages/", include("quarantine.urls")),
    path("quarantine/", include(quarantine)),
    path("policies/", include("policies.urls")),
    path("lists/", include("policies.list_urls")),
    path("lists/add/preview/", policy_preview_views.entry, name="entry-preview"),
    path("policies/<slug:name>/preview/", policy_preview_views.policy, name="policy-preview"),
    path("dkim/", include("encryption.urls")),
    path("mail/", include("encryption.mail_urls")),
    path("held/", include("encryption.held_urls")),
    path("", include("accounts.urls")),
]
