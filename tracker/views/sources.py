"""Pages of sources: the list, entering a document, and reading one with the decisions beside it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import F, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from branches.access import Actor
from branches.models import Organization
from common.clock import now, today
from common.errors import NotAllowed, Refused
from tracker.correcting import lost_decisions
from tracker.deciding import Desk, Target, desk_of
from tracker.forms.plans import MeasureForm
from tracker.forms.refusals import lead_to_error, put
from tracker.forms.sources import AsideForm, MergeForm, SourceForm, WordsForm
from tracker.marked_text import paragraphs
from tracker.models import Action, Measure, Plan, Source
from tracker.plans import add_measure, merge_actions
from tracker.sources import (
    Duplicate,
    add_action,
    receive_source,
    set_aside,
    with_coverage,
)
from tracker.transitions.parties import is_office
from tracker.views.acts import actor_of

PAGE = 30
REASONS = (
    gettext_lazy("exhortation"),
    gettext_lazy("covered by an existing rule"),
    gettext_lazy("already done"),
    gettext_lazy("not for this level"),
)


def offices_of(actor: Actor) -> list[Organization]:
    """The organisations for which a person does the office's work; no query."""
    found = {p.organization_id: p.organization for p in actor.posts if is_office(actor, p.organization)}
    return list(found.values())


def sources_found(actor: Actor, *, q: str, category: str, only_open: bool) -> QuerySet[Source]:
    """The sources in sight that a search lets through, newest first; a category that is none narrows nothing."""
    sources = with_coverage(Source.objects.visible_to(actor).current()).select_related("organization")
    # Counting groups the rows, which drops the model's own order.
    sources = sources.defer("text").order_by("-dated", "-pk")
    if q:
        sources = sources.filter(Q(title__icontains=q) | Q(issuer__icontains=q) | Q(number__icontains=q))
    if category in Source.Category.values:
        sources = sources.filter(category=category)
    return sources.filter(Q(decided__lt=F("to_do"))) if only_open else sources


def source_list(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    q, category = request.GET.get("q", "").strip()[:100], request.GET.get("category", "")
    sources = sources_found(actor, q=q, category=category, only_open=bool(request.GET.get("open")))
    page = Paginator(sources, PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "q": q,
        "category": category,
        "only_open": bool(request.GET.get("open")),
        "categories": Source.Category.choices,
        "may_add": bool(offices_of(actor)),
        "filtered": bool(q or category or request.GET.get("open")),
    }
    return render(request, "tracker/sources/list.html", context)


def source_new(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    offices = offices_of(actor)
    if not offices:
        raise NotAllowed(
            _("Only the office of an organization enters sources. Ask your Party-affairs clerk.")
        )
    initial = {"issuer": offices[0].name, "organization": offices[0].pk}
    form = SourceForm(request.POST or None, request.FILES or None, offices=offices, initial=initial)
    known = None
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        file = given.pop("file")
        try:
            source = receive_source(
                **given, actor=actor, at=now(), original=file or None, original_name=file.name if file else ""
            )
        except Duplicate as refusal:
            known = refusal.source
        except Refused as refusal:
            put(form, refusal)
        else:
            return redirect("tracker:source", source.pk)
    lead_to_error(form)
    status = 422 if request.method == "POST" else 200
    context = {"form": form, "known": known, "one_office": len(offices) == 1}
    return render(request, "tracker/sources/new.html", context, status=status)


def source_page(request: HttpRequest, pk: int) -> HttpResponse:
    """The reading page. Its address carries the target plan and the defaults, so that it can be left and shared."""
    source, desk, target = open_desk(request, pk)
    actions = [card.action for card in desk.cards]
    context = desk_context(desk, target) | {
        "paragraphs": paragraphs(source.text, source.passages.all(), actions),
        "older_rules": source.rules_version != _rules_version(),
        "lost": lost_decisions(source),
    }
    return render(request, "tracker/sources/read.html", context)


@require_POST
def accept(request: HttpRequest, pk: int, action: int) -> HttpResponse:
    """Make the proposed measure as it stands."""
    _source, desk, target = open_desk(request, pk)
    card = desk.card(action)
    if card is None:
        raise Http404
    plan = _plan(target)
    if card.proposal is None:
        # Somebody was first; the verb says who.
        fields: dict[str, Any] = {"title": card.text[:120]}
    else:
        fields = target.complete(card.proposal)
    add_measure(plan, actor=actor_of(request), at=now(), fields=fields, actions=[card.action])
    return _decided(request, pk, action, target)


def edit(request: HttpRequest, pk: int, action: int) -> HttpResponse:
    """Change the proposed measure before accepting it; ``again`` makes a further one of the same words."""
    source, desk, target = open_desk(request, pk)
    desk.require_office()
    card = desk.card(action)
    if card is None:
        raise Http404
    plan, actor = _plan(target), actor_of(request)
    again = "again" in request.GET
    values: dict[str, Any] = {"title": card.text[:120]}
    if card.proposal:
        values = target.complete(card.proposal)
    form = MeasureForm(
        request.POST or None,
        instance=Measure(plan=plan, **({"lead": source.organization} | values)),
        plan=plan,
        leaders=target.leaders,
        kinds=target.kinds,
    )
    if request.method == "POST" and form.is_valid():
        try:
            add_measure(
                plan,
                actor=actor,
                at=now(),
                fields=form.values(),
                receivers=form.cleaned_data["receivers"],
                actions=[card.action],
                again=again,
            )
        except Refused as refusal:
            put(form, refusal)
        else:
            if "another" in request.POST:
                query = f"{target.query}&again=1" if target.query else "again=1"
                return redirect(f"{reverse('tracker:source_edit', args=[pk, action])}?{query}")
            return _decided(request, pk, action, target)
    context = desk_context(desk, target) | {"card": card, "form": form, "again": again}
    return _form(request, "tracker/sources/edit.html", context, form)


def aside(request: HttpRequest, pk: int, action: int) -> HttpResponse:
    """Say why an action needs no measure."""
    _source, desk, target = open_desk(request, pk)
    desk.require_office()
    card = desk.card(action)
    if card is None:
        raise Http404
    form = AsideForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            set_aside([card.action], reason=form.cleaned_data["reason"], actor=actor_of(request), at=now())
        except Refused as refusal:
            put(form, refusal)
        else:
            return _decided(request, pk, action, target)
    context = desk_context(desk, target) | {"card": card, "form": form, "reasons": REASONS}
    return _form(request, "tracker/sources/aside.html", context, form)


def merge(request: HttpRequest, pk: int, action: int) -> HttpResponse:
    """Let a measure of the chosen plan take up an action; the last one made is offered first."""
    _source, desk, target = open_desk(request, pk)
    desk.require_office()
    card = desk.card(action)
    if card is None:
        raise Http404
    measures = Measure.objects.filter(plan=_plan(target), state=Measure.State.PROPOSED).order_by("-position")
    form = MergeForm(request.POST or None, measures=measures)
    if request.method == "POST" and form.is_valid():
        try:
            merge_actions(form.cleaned_data["measure"], [card.action], actor=actor_of(request), at=now())
        except Refused as refusal:
            put(form, refusal)
        else:
            return _decided(request, pk, action, target)
    context = desk_context(desk, target) | {"card": card, "form": form, "none": not measures.exists()}
    return _form(request, "tracker/sources/merge.html", context, form)


@require_POST
def undo(request: HttpRequest, pk: int, action: int) -> HttpResponse:
    """Take a decision back: the action is undecided again."""
    _source, desk, target = open_desk(request, pk)
    card = desk.card(action)
    if card is None:
        raise Http404
    card.take_back(actor=actor_of(request), at=now())
    return _decided(request, pk, action, target, stay=True)


def sweep(request: HttpRequest, pk: int) -> HttpResponse:
    """Set aside many at once: what reads like exhortation or reports done work is ticked beforehand."""
    _source, desk, target = open_desk(request, pk)
    desk.require_office()
    groups = _sweep_groups(desk)
    form = AsideForm(request.POST or None, initial={"reason": REASONS[0]})
    chosen = set(request.POST.getlist("actions"))
    if request.method == "POST" and form.is_valid():
        actions = [card.action for card in desk.cards if str(card.action.pk) in chosen]
        try:
            count = set_aside(actions, reason=form.cleaned_data["reason"], actor=actor_of(request), at=now())
        except Refused as refusal:
            put(form, refusal)
        else:
            messages.success(
                request,
                ngettext("%(count)s action set aside.", "%(count)s actions set aside.", count)
                % {"count": count},
            )
            return redirect(desk_address(pk, target))
    context = desk_context(desk, target) | {
        "form": form,
        "groups": groups,
        "chosen": chosen,
        "posted": request.method == "POST",
    }
    return render(request, "tracker/sources/sweep.html", context, status=422 if form.errors else 200)


def add(request: HttpRequest, pk: int) -> HttpResponse:
    """Mark words of the text as an action; the script fills in what was selected."""
    source, desk, target = open_desk(request, pk)
    desk.require_office()
    form = WordsForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            action = add_action(
                source, words=given["words"], near=given["near"] or 0, actor=actor_of(request), at=now()
            )
        except Refused as refusal:
            put(form, refusal)
        else:
            messages.success(request, _("Marked. It now waits for a decision."))
            return redirect(f"{desk_address(pk, target)}#card-{action.pk}")
    context = desk_context(desk, target) | {"form": form}
    return render(request, "tracker/sources/add.html", context, status=422 if form.errors else 200)


def open_desk(request: HttpRequest, pk: int) -> tuple[Source, Desk, Target]:
    """The source of an address with its cards and the target; 404 out of sight."""
    actor = actor_of(request)
    beside = ("corrects", "corrected_by")
    sources = Source.objects.visible_to(actor).select_related("organization", "created_by", *beside)
    sources = sources.defer(*(f"{name}__text" for name in beside))
    source = get_object_or_404(sources, pk=pk)
    return source, desk_of(source, actor=actor), Target.of(source, request.GET, actor=actor)


def _plan(target: Target) -> Plan:
    if target.plan is None:
        raise Refused(_("Choose or create the plan first; accepted measures go there."))
    return target.plan


def desk_context(desk: Desk, target: Target) -> dict[str, Any]:
    """What every page of a source shows."""
    return {
        "source": desk.source,
        "desk": desk,
        "target": target,
        "may_decide": desk.may_decide,
        "today": today(),
    }


def _decided(
    request: HttpRequest, pk: int, action: int, target: Target, *, stay: bool = False
) -> HttpResponse:
    """The card as it stands now with the meter and the list of vague words; without script, the next card."""
    desk = desk_of(
        get_object_or_404(Source.objects.select_related("organization"), pk=pk), actor=actor_of(request)
    )
    card = desk.card(action)
    if request.htmx:  # type: ignore[attr-defined]
        context = desk_context(desk, target) | {"card": card, "swap": True}
        return render(request, "tracker/sources/_decided.html", context)
    following = card if stay else desk.after(action)
    return redirect(f"{desk_address(pk, target)}#card-{following.action.pk if following else action}")


def desk_address(pk: int, target: Target) -> str:
    """The reading page with the same target."""
    query = target.query
    return reverse("tracker:source", args=[pk]) + (f"?{query}" if query else "")


def _form(request: HttpRequest, template: str, context: dict[str, Any], form: Any) -> HttpResponse:
    """A small form inside its card, or a page of its own without script."""
    lead_to_error(form)
    part = bool(request.htmx)  # type: ignore[attr-defined]
    context["layout"] = "tracker/sources/_part.html" if part else "base.html"
    return render(request, template, context | {"part": part}, status=422 if form.errors else 200)


def _sweep_groups(desk: Desk) -> list[tuple[str, list[Any], bool]]:
    """Undecided cards in three groups; the first two are ticked beforehand."""
    waiting = [card for card in desk.cards if card.state == Action.Decision.OPEN]
    done = [card for card in waiting if card.action.done]
    talk = desk.talk
    rest = [card for card in waiting if card not in done and card not in talk]
    return [
        (_("Exhortation and closing words"), talk, True),
        (_("Work the text reports as done"), done, True),
        (_("The other undecided ones"), rest, False),
    ]


def _rules_version() -> str:
    from tracker import reading

    return reading.VERSION


urlpatterns = [
    path("sources/", source_list, name="sources"),
    path("sources/new/", source_new, name="source_new"),
    path("sources/<int:pk>/", source_page, name="source"),
    path("sources/<int:pk>/add/", add, name="source_add"),
    path("sources/<int:pk>/set-aside/", sweep, name="source_sweep"),
    path("sources/<int:pk>/actions/<int:action>/accept/", accept, name="source_accept"),
    path("sources/<int:pk>/actions/<int:action>/edit/", edit, name="source_edit"),
    path("sources/<int:pk>/actions/<int:action>/set-aside/", aside, name="source_aside"),
    path("sources/<int:pk>/actions/<int:action>/merge/", merge, name="source_merge"),
    path("sources/<int:pk>/actions/<int:action>/undo/", undo, name="source_undo"),
]
