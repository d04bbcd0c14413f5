"""The tenant's pages about the words of its notices."""

from __future__ import annotations

from django.urls import path

from policies import notice_views

urlpatterns = [
    path("", notice_views.notices, name="notice-texts"),
    path("<slug:kind>/<slug:language>/", notice_views.change, name="notice-text"),
    path("<slug:kind>/<slug:language>/preview/", notice_views.preview, name="notice-preview"),
    path("<slug:kind>/<slug:language>/reset/", notice_views.reset, name="notice-reset"),
]
