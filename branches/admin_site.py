"""``/admin/``: a window for the system administrators, behind our own door and by our own rule."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy


class AdminConfig(DjangoAdminConfig):
    """Makes ours the admin site of the project."""

    default_site = "branches.admin_site.Site"

    def ready(self) -> None:
        """Find what is to be shown; groups give no rights here, so they are not."""
        super().ready()
        from django.contrib.auth.models import Group

        admin.site.unregister(Group)


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

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Any:
        """Refuse at the address asked for, not at a second sign-in page."""
        inner = super().admin_view(view, cacheable)

        @wraps(inner)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            return inner(request, *args, **kwargs) if self.has_permission(request) else self.login(request)

        return guarded

    @method_decorator(login_not_required)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """There is one door; who has come in through it without the post is not allowed to stand here."""
        if self.has_permission(request):
            return redirect("admin:index")
        if request.user.is_authenticated:
            raise PermissionDenied(_("Only a system administrator may open the administration."))
        wanted = request.GET.get("next", reverse("admin:index"))
        return redirect(f"{reverse('branches:sign_in')}?{urlencode({'next': wanted})}")

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Signing out has one place, too."""
        return redirect("branches:account")

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """And so has the password."""
        return redirect("branches:password")
