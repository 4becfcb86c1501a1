"""``/admin/``: a window for the system administrators, behind our own door and by our own rule."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy


class AdminConfig(DjangoAdminConfig):
    """Makes ours the admin site of the project."""

    default_site = "branches.admin_site.Site"


class Site(admin.AdminSite):
    """Open to whoever holds the post of system administrator today, and to an emergency superuser; to nobody else."""

    site_header = gettext_lazy("Administration")
    site_title = gettext_lazy("Bihuan")
    index_title = gettext_lazy("Settings, organizations, accounts")
    enable_nav_sidebar = False

    def has_permission(self, request: HttpRequest) -> bool:
        """By post, not by a flag on the person."""
        actor = getattr(request, "actor", None)
        if not actor or not request.user.is_active:
            return False
        return "ADMINISTRATOR" in actor.roles or bool(request.user.is_superuser)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """There is one door; who has come in through it and stands here is not allowed to."""
        if request.user.is_authenticated:
            raise PermissionDenied(_("Only a system administrator may open the administration."))
        return redirect(f"{reverse('branches:sign_in')}?next={reverse('admin:index')}")

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Signing out has one place, too."""
        return redirect("branches:account")

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """And so has the password."""
        return redirect("branches:password")
