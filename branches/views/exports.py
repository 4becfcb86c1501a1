"""``…/export/``: the lists of this floor as workbooks, with the filters of their pages."""

from __future__ import annotations

from django.http import FileResponse, HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from branches import list_exports
from branches.access import Actor
from branches.exporting import respond, said
from branches.views import audit, organizations, users
from common import saying
from common.clock import now
from common.models import AuditEntry


@require_GET
def organization_list(request: HttpRequest) -> FileResponse:
    """The organisations in sight, or those a search finds."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    query, found = organizations.searched(request)
    filters = [said(_("Search"), query)] if query else []
    listing = list_exports.organizations_listing(found, actor=actor, filters=filters)
    return respond(request, listing, at=now())


@require_GET
@never_cache
def user_list(request: HttpRequest) -> FileResponse:
    """The accounts in reach of an administrator or security officer."""
    q, state, found = users.narrowed(request)
    filters = [said(_("Search"), q)] if q else []
    if state:
        filters.append(said(_("Which accounts"), users.STATES[state][0]))
    return respond(request, list_exports.users_listing(found, filters=filters), at=now())


@require_GET
@never_cache
def audit_log(request: HttpRequest) -> FileResponse:
    """The lines an auditor may read."""
    form, found = audit.narrowed(request)
    given = form.cleaned_data
    filters = [said(_("Search"), given["q"])] if given.get("q") else []
    if given.get("kind"):
        filters.append(said(pgettext("audit", "Kind"), AuditEntry.Kind(given["kind"]).label))
    if given.get("success"):
        filters.append(_("Only refused"))
    for name, label in (("since", pgettext("day", "From")), ("until", pgettext("day", "Until"))):
        if given.get(name):
            filters.append(said(label, saying.full_date(given[name])))
    return respond(request, list_exports.audit_listing(found, filters=filters), at=now())
