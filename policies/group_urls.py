"""The tenant's pages about groups."""

from __future__ import annotations

from django.urls import path

from policies import group_views, hold_file_views

urlpatterns = [
    path("", group_views.groups, name="groups"),
    path("add/", group_views.add, name="group-add"),
    path("import/", hold_file_views.load_groups, name="group-import"),
    path("export/", hold_file_views.export_groups, name="group-export"),
    path("<int:number>/", group_views.change, name="group"),
    path("<int:number>/remove/", group_views.remove, name="group-remove"),
]
