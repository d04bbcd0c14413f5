"""The tenant's pages about the keys that sign its mail."""

from __future__ import annotations

from django.urls import path

from encryption import views

urlpatterns = [
    path("", views.dkim_keys, name="dkim"),
    path("generate/", views.generate, name="dkim-generate"),
    path("<uuid:key_id>/check/", views.check, name="dkim-check"),
    path("<uuid:key_id>/activate/", views.activate, name="dkim-activate"),
    path("<uuid:key_id>/retire/", views.retire, name="dkim-retire"),
    path("<uuid:key_id>/delete/", views.delete, name="dkim-delete"),
]
