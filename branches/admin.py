"""What the administration shows: settings to be edited, organizations and accounts to be looked at.

No business text, no history and no state is registered here; the tree has one writer, and so have accounts and posts.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from branches.accounts import accounts_kept_by
from branches.models import Organization, User
from branches.settings_duty import keeps_settings
from common.addresses import client_address
from common.audit import record
from common.clock import now
from common.models import AuditEntry, Workday

__all__ = ["AccountWindow", "CalendarEditor", "OrganizationWindow", "RootEditor"]
DUTY = frozenset({"ADMINISTRATOR"})


class Window(admin.ModelAdmin):
    """To be looked at, within the reach of the administrator's posts; nothing can be added, changed or deleted."""

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return admin.site.has_permission(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return admin.site.has_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Organization)
class OrganizationWindow(Window):
    """The tree as it stands; it is changed on the organization pages."""

    list_display = (
        "short_name",
        "code",
        "kind",
        "parent",
        "unit",
        "full_members",
        "active_from",
        "active_until",
    )
    list_filter = ("kind",)
    search_fields = ("name", "short_name", "code")
    list_select_related = ("parent",)
    list_per_page = 50
    show_full_result_count = False
    fields = (
        "name",
        "short_name",
        "code",
        "kind",
        "parent",
        "unit",
        "area",
        "full_members",
        "probationary_members",
        "active_from",
        "active_until",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Organization]:
        found = super().get_queryset(request)
        return found if request.user.is_superuser else found.filter(request.actor.duty_scope(DUTY, "path"))  # type: ignore[attr-defined]


@admin.register(User)
class AccountWindow(Window):
    """Accounts in reach. Making, closing and new passwords have their own pages, which keep the audit log."""

    list_display = (
        "username",
        "name",
        "organization",
        "is_active",
        "must_change_password",
        "last_login",
        "page",
    )
    list_filter = ("is_active", "must_change_password")
    search_fields = ("username", "name")
    list_select_related = ("organization",)
    list_per_page = 50
    show_full_result_count = False
    fields = (
        "username",
        "name",
        "organization",
        "is_active",
        "must_change_password",
        "initial_until",
        "password_changed_at",
        "last_login",
        "date_joined",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        if request.user.is_superuser:
            return super().get_queryset(request)
        return accounts_kept_by(request.actor)  # type: ignore[attr-defined]

    @admin.display(description=_("account page"))
    def page(self, user: User) -> str:
        """The page where the account is looked after."""
        return format_html(
            '<a href="{}">{}</a>', reverse("branches:user", args=[user.pk]), pgettext("account", "Open")
        )


class RootEditor(Window):
    """What is everybody's: kept by administrators of a root organization, each change in the audit log with it."""

    setting = ""
    """What the audit log calls it."""
    audited: tuple[str, ...] = ()
    """The fields of a row that the audit log keeps."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return _at_a_root(request)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return _at_a_root(request)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return _at_a_root(request)

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm, change: bool) -> None:
        """Save and audit together."""
        with transaction.atomic():
            super().save_model(request, obj, form, change)
            self._audit(request, "change" if change else "add", obj)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete and audit together."""
        with transaction.atomic():
            self._audit(request, "delete", obj)
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """One line for each deleted row."""
        with transaction.atomic():
            for obj in queryset:
                self._audit(request, "delete", obj)
            super().delete_queryset(request, queryset)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """The audit log has it; the admin's own log could be changed."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """As above."""

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        """As above."""

    def _audit(self, request: HttpRequest, act: str, obj: Any) -> None:
        kept = {name: str(getattr(obj, name)) for name in self.audited}
        data = {"act": act, "setting": self.setting, **kept}
        address = client_address(request)
        record(AuditEntry.Kind.SETTING, at=now(), user=request.user, address=address, data=data)


@admin.register(Workday)
class CalendarEditor(RootEditor):
    """Holidays and make-up days."""

    list_display = ("day", "kind", "name", "official")
    list_filter = ("kind", "official")
    date_hierarchy = "day"
    list_per_page = 60
    setting = "calendar"
    audited = ("day", "kind")


def _at_a_root(request: HttpRequest) -> bool:
    keeps = keeps_settings(request.actor)  # type: ignore[attr-defined]
    return admin.site.has_permission(request) and (keeps or bool(request.user.is_superuser))
