"""Pages of the routine catalogue: to browse, and to add from to a plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from branches.models import Organization
from common.clock import now
from common.errors import NotAllowed, Refused
from common.workdays import Calendar
from tracker.models import Plan
from tracker.routines import GROUPS, Routine, add_routines, catalogue, kinds_present, taken_in, why_not
from tracker.transitions.parties import require_edit
from tracker.views.acts import actor_of
from tracker.views.plan_parts import plan_of


@dataclass(frozen=True)
class Line:
    """One routine as a plan's page offers it."""

    routine: Routine
    reason: str = ""
    ticked: bool = False


@dataclass(frozen=True)
class Filter:
    """What of the catalogue is shown; a value that means nothing narrows nothing."""

    q: str = ""
    group: str = ""
    kind: str = ""

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Filter:
        group, kind = given.get("group", ""), given.get("kind", "")
        return cls(
            given.get("q", "").replace("\0", "").strip()[:40],
            group if group in GROUPS else "",
            kind if kind in Organization.Kind.values else "",
        )

    @property
    def narrows(self) -> bool:
        return bool(self.q or self.group or self.kind)

    def keeps(self, routine: Routine) -> bool:
        said = f"{routine.name} {routine.name_en} {routine.words} {routine.source}".lower()
        return (
            (not self.q or self.q.lower() in said)
            and (not self.group or routine.group == self.group)
            and (not self.kind or self.kind in routine.kinds)
        )


def _page(
    request: HttpRequest,
    lines: list[Line],
    wanted: Filter,
    *,
    plan: Plan | None = None,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    shown = [line for line in lines if wanted.keeps(line.routine)]
    groups = [
        (key, label, [line for line in shown if line.routine.group == key]) for key, label in GROUPS.items()
    ]
    kinds = {kind for routine in catalogue() for kind in routine.kinds}
    context = {
        "plan": plan,
        "groups": [group for group in groups if group[2]],
        "count": len(shown),
        "free": sum(not line.reason for line in shown),
        "unchecked": sum(line.routine.check for line in shown),
        "filter": wanted,
        "all_groups": GROUPS.items(),
        "kinds": [(kind.value, kind.label) for kind in Organization.Kind if kind in kinds],
        "problem": problem,
    }
    return render(request, "tracker/plans/routines.html", context, status=status)


@require_GET
def browse(request: HttpRequest) -> HttpResponse:
    """The whole catalogue, for everybody with business in the system."""
    if not actor_of(request).business_posts:
        raise NotAllowed(_("The catalogue is for those who plan and do Party work."))
    return _page(request, [Line(routine) for routine in catalogue()], Filter.of(request.GET))


@require_http_methods(["GET", "POST"])
def choose(request: HttpRequest, pk: int) -> HttpResponse:
    """The catalogue beside a plan: what can be added, what cannot and why; ticked ones become measures."""
    plan, actor = plan_of(request, pk), actor_of(request)
    require_edit(actor, plan)
    problem, status = "", 200
    ticked = request.POST.getlist("routine")
    if request.method == "POST":
        try:
            added = add_routines(plan, ticked, actor=actor, at=now())
        except NotAllowed:
            raise
        except Refused as refusal:
            problem, status = str(refusal), 422
        else:
            count = len(added)
            said = ngettext(
                "%(count)s routine added. Name who leads it.",
                "%(count)s routines added. Name who leads them.",
                count,
            )
            messages.success(request, said % {"count": count})
            return redirect("tracker:plan", pk)
    calendar, taken, kinds = Calendar.load(), taken_in(plan), kinds_present(plan.organization)
    lines = [
        Line(
            routine,
            why_not(routine, plan, taken=taken, kinds=kinds, calendar=calendar),
            routine.key in ticked,
        )
        for routine in catalogue()
    ]
    return _page(request, lines, Filter.of(request.GET), plan=plan, problem=problem, status=status)


urlpatterns = [
    path("routines/", browse, name="routines"),
    path("plans/<int:pk>/routines/", choose, name="plan_routines"),
]
