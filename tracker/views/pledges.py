"""``/pledges/``: who has promised what, who has not signed yet, and what became of it."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from branches.access import Actor
from common.addresses import client_address
from common.audit import record
from common.clock import local_date, now
from common.errors import Refused
from common.models import AuditEntry, Job
from common.periods import Period
from common.templatetags.ui import job_progress
from tracker.exporting import respond
from tracker.models import Plan, Pledge
from tracker.pledge_lines import agreed_lines, changes_between, lines_of, present_tasks, sum_of
from tracker.pledge_list import GROUPS, PledgeFilter, pledges_listing, rows_of
from tracker.pledge_papers import MEDIA_TYPE, MOST, archive, file_name, paper
from tracker.pledges import (
    MOST_SIGNED,
    counts_of,
    is_issuing_side,
    remind_unsigned,
    request_pledges,
    sign_each,
    without_pledge,
)
from tracker.timeline import timeline_of
from tracker.views.acts import act_page, actor_of, offers_for

PAGE = 30
PLANS = 60


@require_GET
def pledge_list(request: HttpRequest) -> HttpResponse:
    actor, day = actor_of(request), local_date(now())
    chosen = PledgeFilter(request.GET, actor=actor)
    page = Paginator(chosen.found(), MOST_SIGNED if chosen.who == "mine" else PAGE).get_page(
        request.GET.get("page")
    )
    counts = counts_of(chosen.within())
    numbers = {
        "": counts["all"],
        "mine": chosen.group("mine").count(),
        "unit": counts["OPEN"] + counts["ISSUER_SIGNED"],
        "issuer": counts["OPEN"] + counts["UNIT_SIGNED"],
        "signed": counts["SIGNED"],
    }
    plan = chosen.plan
    keeps = plan is not None and is_issuing_side(actor, plan)
    known = Plan.objects.visible_to(actor).filter(pledges__isnull=False).distinct()
    context = {
        "filter": chosen,
        "page": page,
        "rows": rows_of(list(page), day=day),
        "tabs": [(name, label, numbers[name], name == chosen.who) for name, label in GROUPS.items()],
        "plans": known[:PLANS],
        "keeps": keeps,
        "missing": without_pledge(plan).count() if plan and keeps and plan.state == Plan.State.ISSUED else 0,
        "mine": numbers["mine"],
        "unsigned": counts["all"] - counts["SIGNED"],
        "job": _job_of(plan) if plan and keeps else None,
        "may_make": bool({"CLERK", "DEPUTY_SECRETARY", "SECRETARY", "LEADER"} & actor.roles),
    }
    return render(request, "tracker/pledges/list.html", context)


def _job_of(plan: Plan) -> Job | None:
    """The newest job of a plan's pledges while it is not done; a failed one may be asked for again."""
    job = Job.objects.filter(kind="pledges", key__startswith=f"pledges:{plan.pk}:").order_by("-pk").first()
    return job if job and job.state != Job.State.DONE else None


@require_POST
def make(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for a plan's missing pledges, then look how they are being drawn up."""
    plan = _plan(request, pk)
    request_pledges(plan, actor=actor_of(request), at=now())
    return redirect("tracker:pledges_progress", pk)


@require_GET
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """Where the drawing up stands."""
    plan = _plan(request, pk)
    jobs = Job.objects.filter(kind="pledges", key__startswith=f"pledges:{plan.pk}:")
    job = jobs.order_by("-pk").first()
    if job is None or not is_issuing_side(actor_of(request), plan):
        return redirect(f"{reverse('tracker:pledges')}?plan={pk}")
    url = reverse("tracker:pledges_progress", args=[pk])
    result = f"{reverse('tracker:pledges')}?plan={pk}"
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "partials/job_progress.html", job_progress(job, url, result))
    context = {
        "plan": plan,
        "job": job,
        "url": url,
        "result": result,
        "failed": job.state == Job.State.FAILED,
    }
    return render(request, "tracker/pledges/progress.html", context)


@require_POST
def remind(request: HttpRequest, pk: int) -> HttpResponse:
    """Remind those whose signature is missing."""
    told = remind_unsigned(_plan(request, pk), actor=actor_of(request), at=now())
    if told:
        sentence = ngettext("%(count)s person was reminded.", "%(count)s people were reminded.", told)
        messages.success(request, sentence % {"count": told})
    else:
        messages.info(request, _("Everybody whose signature is missing has already been told today."))
    return redirect(f"{reverse('tracker:pledges')}?plan={pk}")


@require_POST
def sign_many(request: HttpRequest) -> HttpResponse:
    """Sign the ticked pledges, each by the rules of one; those that cannot be signed are named with the reason."""
    actor, at = actor_of(request), now()
    ticked = dict(map(_id_and_version, request.POST.getlist("pledge")))
    signed, refused = sign_each(ticked, actor=actor, at=at)
    if signed:
        sentence = ngettext("%(count)s pledge signed.", "%(count)s pledges signed.", len(signed))
        messages.success(request, sentence % {"count": len(signed)})
    for pledge, reason in refused[:5]:
        messages.warning(request, f"{pledge.organization.short_name}：{reason}")
    if not signed and not refused:
        messages.info(request, _("These pledges no longer wait for your signature."))
    query = request.POST.get("query", "")
    return redirect(f"{reverse('tracker:pledges')}?{query}" if query else "tracker:pledges")


def _id_and_version(text: str) -> tuple[int, int]:
    pk, _colon, version = text.partition(":")
    if not all(part.isascii() and part.isdecimal() and len(part) < 19 for part in (pk, version)):
        raise Refused(_("This form is incomplete. Open the page again and send it once more."))
    return int(pk), int(version)


@require_GET
def pledge_page(request: HttpRequest, pk: int) -> HttpResponse:
    """``/pledges/<pk>/``: what was agreed beside what became of it, what the plan says differently, the signatures."""
    actor, at = actor_of(request), now()
    pledge = _pledge(actor, pk)
    day = local_date(at)
    tasks = present_tasks([pledge])[pledge.pk]
    lines = lines_of(pledge, tasks, day=day)
    context = {
        "pledge": pledge,
        "lines": lines,
        "whole": sum_of(lines),
        "is_over": at >= Period.parse(pledge.plan.period).end,
        "changes": changes_between(pledge.lines, agreed_lines(tasks)),
        "offers": offers_for(pledge, actor=actor, at=at),
        "history": timeline_of(pledge),
        "reads_plan": actor.sees(pledge.plan.organization),
    }
    return render(request, "tracker/pledges/pledge.html", context)


def pledge_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """``/pledges/<pk>/<act>/``: the form of one act, with what is signed above it."""
    pledge = _pledge(actor_of(request), pk)
    tasks = present_tasks([pledge])[pledge.pk]
    context = {
        "pledge": pledge,
        "lines": lines_of(pledge, tasks, day=local_date(now())),
        "changes": changes_between(pledge.lines, agreed_lines(tasks)),
    }
    page = reverse("tracker:pledge", args=[pk])
    return act_page(request, pledge, act, page=page, about="tracker/pledges/_about.html", context=context)


@require_GET
def pledge_paper(request: HttpRequest, pk: int) -> HttpResponse:
    """One pledge as docx."""
    pledge = _pledge(actor_of(request), pk)
    return _file(request, paper([pledge]), file_name(pledge), MEDIA_TYPE, count=1)


@require_GET
def papers(request: HttpRequest) -> HttpResponse:
    """The listed pledges as one docx, or as a zip with one docx each (``form=zip``). Raises Refused for too many."""
    chosen = PledgeFilter(request.GET, actor=actor_of(request))
    found = chosen.found()
    count = found.count()
    if not count:
        raise Refused(_("No pledge fits these filters."), code="nothing")
    if count > MOST:
        sentence = _(
            "%(count)s pledges are listed; at most %(most)s go on paper at once. Narrow the list first."
        )
        raise Refused(sentence % {"count": count, "most": MOST}, code="too_many_rows")
    name = chosen.plan.title if chosen.plan else _("Pledges")
    if request.GET.get("form") == "zip":
        content, kind, ending = archive(found), "application/zip", "zip"
    else:
        content, kind, ending = paper(found), MEDIA_TYPE, "docx"
    return _file(request, content, f"{_('Pledges')}-{name}.{ending}", kind, count=count)


@require_GET
def pledges_export(request: HttpRequest) -> FileResponse:
    """The list as a workbook."""
    at = now()
    chosen = PledgeFilter(request.GET, actor=actor_of(request))
    listing = pledges_listing(chosen.found(), filters=chosen.words(), day=local_date(at))
    return respond(request, listing, at=at)


def _file(request: HttpRequest, content: bytes, name: str, kind: str, *, count: int) -> HttpResponse:
    data = {"list": str(_("Pledges")), "rows": count}
    record(
        AuditEntry.Kind.EXPORT,
        at=now(),
        user=actor_of(request).user,
        address=client_address(request),
        data=data,
    )
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or ""
    response["Cache-Control"] = "private, no-store"
    return response


def _pledge(actor: Actor, pk: int) -> Pledge:
    names = ("plan__organization", "organization", "unit_signed_by", "issuer_signed_by", "made_by")
    return get_object_or_404(Pledge.objects.visible_to(actor).select_related(*names), pk=pk)


def _plan(request: HttpRequest, pk: int) -> Plan:
    return get_object_or_404(Plan.objects.visible_to(actor_of(request)).select_related("organization"), pk=pk)


urlpatterns: list = [
    path("pledges/", pledge_list, name="pledges"),
    path("pledges/export/", pledges_export, name="pledges_export"),
    path("pledges/papers/", papers, name="pledges_papers"),
    path("pledges/sign/", sign_many, name="pledges_sign"),
    path("pledges/<int:pk>/", pledge_page, name="pledge"),
    path("pledges/<int:pk>/paper/", pledge_paper, name="pledge_paper"),
    path("pledges/<int:pk>/<slug:act>/", pledge_act, name="pledge_act"),
    path("plans/<int:pk>/pledges/", make, name="pledges_make"),
    path("plans/<int:pk>/pledges/remind/", remind, name="pledges_remind"),
    path("plans/<int:pk>/pledges/progress/", progress, name="pledges_progress"),
]
