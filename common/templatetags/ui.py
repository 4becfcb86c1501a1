"""The tags every page is made with; docs/frontend.md is their manual, ``/styleguide/`` shows them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django import template
from django.db.models import Model
from django.forms import BoundField, CheckboxInput, Form
from django.template import Context, Node
from django.template.base import NodeList, Parser, Token
from django.template.defaultfilters import floatformat
from django.template.loader_tags import BLOCK_CONTEXT_KEY
from django.utils.formats import localize
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext, pgettext, pgettext_lazy
from heroicons.templatetags.heroicons import heroicon_outline

from common import clock, saying
from common.frame import unread_of
from common.models import Job, SavedFilter
from common.navigation import NOTICES, ON_THE_TAB_BAR, entries_for
from common.saved_filters import worth_saving
from common.workdays import Calendar

register = template.Library()

LIGHTS: Mapping[str, Any] = {
    "green": pgettext_lazy("light", "on course"),
    "yellow": pgettext_lazy("light", "due soon"),
    "red": pgettext_lazy("light", "overdue"),
    "done": pgettext_lazy("light", "done"),
    "suspended": pgettext_lazy("light", "suspended"),
}
SHAPES = {
    "green": '<circle cx="6" cy="6" r="5" fill="currentColor"/>',
    "yellow": '<path d="M6 .8 11.6 11H.4z" fill="currentColor"/>',
    "red": '<path d="M1 1h10v10H1z" fill="currentColor"/>',
    "done": '<path d="m1.2 6.4 3.3 3.4 6.3-7.4" fill="none" stroke="currentColor" stroke-width="2"/>',
    "suspended": '<path d="M3.5 1v10M8.5 1v10" stroke="currentColor" stroke-width="2.2"/>',
}
OPENINGS = {
    name: format_html(
        '<span class="light {}"><svg viewBox="0 0 12 12" aria-hidden="true">{}</svg>',
        name,
        mark_safe(shape),  # noqa: S308
    )
    for name, shape in SHAPES.items()
}
"""Each light as far as its word."""
TONES = frozenset({"neutral", "info", "good", "warn", "bad"})
CURRENT = mark_safe(' aria-current="page"')
THEMES = frozenset({"light", "dark"})


# the frame ------------------------------------------------------------------------------------------------------------


@register.inclusion_tag("partials/navigation.html", takes_context=True)
def navigation(context: Context, place: str = "bar") -> dict[str, Any]:
    """The pages this person has a use for; ``place`` is ``bar``, ``drawer`` or ``tabs`` (foot of a phone)."""
    request = context.get("request")
    actor = getattr(request, "actor", None)
    entries = entries_for(actor)
    if place == "tabs" and len(entries) > ON_THE_TAB_BAR:
        entries = []
    return {
        "entries": [
            {
                "path": e.path,
                "label": e.label,
                "icon": e.icon,
                "current": bool(request and e.holds(request.path)),
            }
            for e in entries
        ],
        "place": place,
        "notices": NOTICES,
        "unread": _unread(request) if place == "tabs" and entries else 0,
        "on_notices": bool(request and request.path.startswith(NOTICES)),
    }


@register.simple_tag(takes_context=True)
def tab_bar(context: Context) -> bool:
    """Whether this person's phone shows the tab bar instead of the drawer."""
    return 0 < len(entries_for(getattr(context.get("request"), "actor", None))) <= ON_THE_TAB_BAR


@register.inclusion_tag("partials/bell.html", takes_context=True)
def bell(context: Context) -> dict[str, Any]:
    """The link to the notices with the number of unread ones."""
    return {"notices": NOTICES, "unread": _unread(context.get("request"))}


def _unread(request: Any) -> int:
    """Counted once a request, although both the bell and the tab bar show it."""
    if request is None:
        return 0
    if not hasattr(request, "unread_notices"):
        request.unread_notices = unread_of(getattr(request, "actor", None))
    return int(request.unread_notices)


@register.simple_tag(takes_context=True)
def theme(context: Context) -> str:
    """``light`` or ``dark`` where the person has chosen, else empty: as the system."""
    request = context.get("request")
    chosen = request.COOKIES.get("theme", "") if request else ""
    return chosen if chosen in THEMES else ""


class RepeatNode(Node):
    """Prints the most derived version of a block once more, so that a title is written once."""

    def __init__(self, name: str) -> None:
        self.name = name

    def render(self, context: Context) -> SafeString:
        block = context.render_context[BLOCK_CONTEXT_KEY].get_block(self.name)
        return block.nodelist.render(context) if block else mark_safe("")


@register.tag
def repeat(_parser: Parser, token: Token) -> RepeatNode:
    """``{% repeat title %}``: the content of block ``title``, here again."""
    _tag, name = token.split_contents()
    return RepeatNode(name.strip("\"'"))


class OnceNode(Node):
    """Content that depends on the language alone: rendered when first asked for in each."""

    def __init__(self, nodelist: NodeList) -> None:
        self.nodelist = nodelist
        self.kept: dict[str | None, SafeString] = {}

    def render(self, context: Context) -> SafeString:
        language = get_language()
        if language not in self.kept:
            self.kept[language] = self.nodelist.render(context)
        return self.kept[language]


@register.tag
def once(parser: Parser, _token: Token) -> OnceNode:
    """``{% once %}…{% endonce %}`` around a part that is the same for everybody and at any time, but for the language."""
    nodelist = parser.parse(("endonce",))
    parser.delete_first_token()
    return OnceNode(nodelist)


@register.simple_tag
@lru_cache(maxsize=256)
def icon(name: str, size: int = 20) -> str:
    """A heroicon as inline SVG. Decorative: the words stand beside it."""
    attributes: dict[str, object] = {"class": "icon", "aria_hidden": "true", "focusable": "false"}
    return heroicon_outline(name, size=size, **attributes)


# states and figures ---------------------------------------------------------------------------------------------------


@register.simple_tag
def light(value: Any, word: Any = "") -> SafeString:
    """Shape, word and colour of a task's light; "—" for none."""
    name = str(getattr(value, "value", value) or "").lower()
    if name not in LIGHTS:
        return mark_safe(saying.NOTHING)  # noqa: S308
    return format_html("{}{}</span>", OPENINGS[name], word or LIGHTS[name])


@register.simple_tag
def badge(text: Any, tone: str = "neutral") -> SafeString:
    """A word on a light fill; tones ``neutral info good warn bad``."""
    if text in (None, ""):
        return mark_safe(saying.NOTHING)  # noqa: S308
    return format_html('<span class="badge {}">{}</span>', tone if tone in TONES else "neutral", text)


@register.simple_tag
def state(obj: Any, field: str = "state") -> SafeString:
    """The badge of a model's choice field, in the tone the model gives as ``<field>_tone``."""
    return _state(obj.__class__, field, getattr(obj, field), getattr(obj, f"{field}_tone", "neutral"))


@saying.once_a_language
def _state(model: type[Model], field: str, value: Any, tone: str) -> SafeString:
    words = dict(model._meta.get_field(field).flatchoices)  # type: ignore[union-attr]
    return badge(words.get(value, value), tone)


@register.simple_tag
def day(value: date | None, working_days: int | None = None) -> SafeString:
    """A date as people say it, and how many working days are left (negative: overdue)."""
    if value is None:
        return mark_safe(saying.NOTHING)  # noqa: S308
    said = dated(value, clock.today())
    if working_days is None:
        return said
    urgency = "late" if working_days < 0 else "near" if working_days == 0 else ""
    return format_html(
        '<span class="when">{} <span class="left nowrap {}">{}</span></span>',
        said,
        urgency,
        saying.time_left(working_days),
    )


@saying.once_a_language
def dated(value: date, today: date) -> SafeString:
    """A date as people say it on the day ``today``."""
    return format_html(
        '<time class="nowrap" datetime="{}" title="{}">{}</time>',
        value.isoformat(),
        saying.full_day(value),
        saying.day_in_words(value, today=today),
    )


@register.simple_tag(takes_context=True)
def provisional(context: Context, value: date | None) -> SafeString:
    """A mark behind a due date whose year's holidays are not decreed yet; nothing behind any other."""
    return mark_safe("") if value is None else provisionally(value, calendar_of(context))


def provisionally(value: date, calendar: Calendar) -> SafeString:
    """The mark of a date by a calendar at hand; nothing where it is settled."""
    if not calendar.is_provisional(value):
        return mark_safe("")
    return format_html(
        ' <span class="badge warn provisional" title="{}">{}</span>',
        gettext(
            "The official notice on the holidays of %(year)s has not been entered; working days may still shift."
        )
        % {"year": value.year},
        pgettext("calendar", "provisional"),
    )


def calendar_of(context: Context) -> Calendar:
    """The ``calendar`` of the context, else the database's, asked once a request."""
    calendar = context.get("calendar")
    if isinstance(calendar, Calendar):
        return calendar
    request = context.get("request")
    kept = getattr(request, "working_calendar", None)
    if kept is None:
        kept = Calendar.load()
        if request is not None:
            request.working_calendar = kept
    return kept


@register.simple_tag
def moment(value: datetime | None) -> SafeString:
    """A time of day today, else day and time; exact on hover."""
    if value is None:
        return mark_safe(saying.NOTHING)  # noqa: S308
    return format_html(
        '<time class="nowrap" datetime="{}" title="{}">{}</time>',
        value.isoformat(),
        saying.full_moment(value),
        saying.moment_in_words(value, today=clock.today()),
    )


@register.simple_tag
def percent(value: Decimal | float | None, places: int = 1) -> str:
    """86.4 → 86.4%; "—" for None."""
    return saying.percent(value, places=places)


@register.simple_tag
def org(organization: Any) -> SafeString:
    """The short name; on hover the way down from the root (``trail``) if the view set it, else the full name."""
    if organization is None:
        return mark_safe(saying.NOTHING)  # noqa: S308
    where = getattr(organization, "trail", "") or organization.name
    return format_html('<span class="org" title="{}">{}</span>', where, organization.short_name)


@register.inclusion_tag("partials/saved_filters.html", takes_context=True)
def saved_filters(context: Context) -> dict[str, Any]:
    """The reader's saved filters of this list, and where it is narrowed a way to save it (one query)."""
    request = context["request"]
    query = worth_saving(request.GET)
    saved = list(SavedFilter.objects.filter(user=request.user, path=request.path))
    return {
        "saved": [(one, one.query == query) for one in saved],
        "query": query,
        "path": request.path,
        "may_save": bool(query) and all(one.query != query for one in saved),
        "csrf_token": context.get("csrf_token"),
    }


@register.simple_tag
def meter(
    value: Decimal | float | None,
    whole: Decimal | float = 100,
    label: Any = "",
    pace: Decimal | float | None = None,
) -> SafeString:
    """A bar with its number; ``pace`` (same unit as ``value``) marks where the work should be by now."""
    said, drawn = _bar(_share(value, whole), _share(pace, whole))
    return format_html(
        '<span class="meter"><svg viewBox="0 0 100 8" preserveAspectRatio="none" role="img" aria-label="{}{}{}">{}</span>\n',
        label,
        " " if label else "",
        said,
        drawn,
    )


@saying.once_a_language
def _bar(share: float | None, expected: float | None) -> tuple[SafeString, SafeString]:
    """A bar as it is said, and the inside of its SVG with the number behind; shares in per cent."""
    text = conditional_escape(saying.percent(share, places=0))
    fill = format_html('<rect class="fill" width="{}" height="8"/>', _length(share)) if share else ""
    said, title, mark = text, "", ""
    if expected is not None:
        by_now = gettext("expected by now %(pace)s%%") % {"pace": floatformat(expected, 0)}
        said, title = format_html("{}, {}", text, by_now), format_html("<title>{}</title>", by_now)
        path = '<path class="pace{}" d="M{} 0v8" vector-effect="non-scaling-stroke"/>'
        mark = format_html(path + path, " halo", _length(expected), "", _length(expected))
    number = format_html('<span class="meter-text" aria-hidden="true">{}</span>', text)
    return said, format_html("{}{}{}</svg>{}", title, fill, mark, number)


def _share(value: Decimal | float | None, whole: Decimal | float) -> float | None:
    return None if value is None or not whole else 100 * float(value) / float(whole)


def _length(share: float) -> str:
    """A share as a length on a bar of 100, written for SVG."""
    return f"{min(max(share, 0.0), 100.0):.1f}"


@register.simple_tag
def stat(value: Any, label: Any, url: str = "", hint: Any = "", tone: str = "") -> SafeString:
    """A number and what it counts, linked to the list it was counted from."""
    return format_html(
        '<li><{} class="stat {}"{}><span class="stat-label">{}</span><span class="stat-value">{}</span>{}</{}></li>\n',
        tag := "a" if url else "div",
        tone if tone in TONES else "",
        format_html(' href="{}"', url) if url else "",
        label,
        saying.NOTHING if value is None or value == "" else localize(value),
        format_html('<span class="stat-hint">{}</span>', hint) if hint else "",
        tag,
    )


@register.simple_tag
def tab(url: str, label: Any, count: int | None = None, current: Any = False) -> SafeString:
    """One entry of a row of tabs, with the number of what waits behind it."""
    waiting = "" if count is None else format_html(' <span class="count">{}</span>', count)
    return format_html('<a href="{}"{}>{}{}</a>\n', url, CURRENT if current else "", label, waiting)


@register.simple_tag
def key(name: str) -> SafeString:
    """The key that does the same, shown beside its button; hidden on phones."""
    return format_html('<kbd class="only-desk" aria-hidden="true">{}</kbd>', name)


# forms and lists ------------------------------------------------------------------------------------------------------


@register.inclusion_tag("partials/field.html")
def field(bound: BoundField) -> dict[str, Any]:
    """Label, control, help and errors of one form field."""
    return {"field": bound, "check": isinstance(bound.field.widget, CheckboxInput)}


@register.inclusion_tag("partials/fields.html")
def fields(form: Form) -> dict[str, Any]:
    """The general errors and every field of a form."""
    return {"form": form}


@register.inclusion_tag("partials/errors.html")
def errors(form: Form) -> dict[str, Any]:
    """The errors of a form that belong to no single field."""
    return {"form": form}


@register.inclusion_tag("partials/empty.html")
def empty(title: Any, text: Any = "", url: str = "", label: Any = "", icon: str = "inbox") -> dict[str, Any]:
    """An empty list as a teaching moment: what will appear here, and the first step."""
    return {"title": title, "text": text, "url": url, "label": label, "icon": icon}


@register.inclusion_tag("partials/pager.html")
def pager(next_url: str = "", previous_url: str = "", count: int | None = None) -> dict[str, Any]:
    """Links to the neighbouring pages of a list, and how many rows there are in all."""
    return {"next_url": next_url, "previous_url": previous_url, "count": count}


@register.inclusion_tag("partials/job_progress.html", name="job_progress")
def job_progress(job: Job, url: str, result_url: str = "") -> dict[str, Any]:
    """Where long work stands; asks ``url`` again every second until it is over, then offers ``result_url``."""
    return {"job": job, "url": url, "result_url": result_url, "failed": job.state == Job.State.FAILED}
