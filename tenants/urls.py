"""The operator's pages about tenants."""

from __future__ import annotations

from django.urls import path

from tenants import views

urlpatterns = [
    path("", views.tenants, name="home"),
    path("tenants/<slug:slug>/", views.tenant, name="tenant"),
]
