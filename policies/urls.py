"""The tenant's pages about policies."""

from __future__ import annotations

from django.urls import include, path

from policies import views

urlpatterns = [
    path("", views.overview, name="policies"),
    path("hold/", include("policies.hold_urls")),
    path("groups/", include("policies.group_urls")),
    path("notices/", include("policies.notice_urls")),
    path("<slug:name>/", views.settings, name="policy-page"),
]
