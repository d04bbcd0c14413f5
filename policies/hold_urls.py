"""The tenant's pages about hold rules."""

from __future__ import annotations

from django.urls import path

from policies import hold_file_views, hold_views

urlpatterns = [
    path("", hold_views.rules, name="hold-rules"),
    path("add/", hold_views.add, name="hold-rule-add"),
    path("import/", hold_file_views.load_rules, name="hold-rule-import"),
    path("export/", hold_file_views.export_rules, name="hold-rule-export"),
    path("test/", hold_views.trial, name="hold-trial"),
    path("<int:number>/", hold_views.change, name="hold-rule"),
    path("<int:number>/move/", hold_views.move, name="hold-rule-move"),
    path("<int:number>/remove/", hold_views.remove, name="hold-rule-remove"),
]
