"""The tenant's pages about allow and block lists."""

from __future__ import annotations

from django.urls import path

from policies import list_views

urlpatterns = [
    path("", list_views.entries, name="lists"),
    path("add/", list_views.add, name="entry-add"),
    path("import/", list_views.load, name="entry-import"),
    path("export/", list_views.export, name="entry-export"),
    path("<int:number>/remove/", list_views.remove, name="entry-remove"),
]
