"""The tenant's pages about policies."""

from __future__ import annotations

from django.urls import path

from policies import views

urlpatterns = [
    path("", views.overview, name="policies"),
    path("<slug:name>/", views.settings, name="policy-page"),
]
