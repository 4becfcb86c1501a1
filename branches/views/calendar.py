"""``/calendar/``: the working-day calendar, kept by the administrators of a root organization."""

from __future__ import annotations

import calendar as months
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from branches.access import Actor
from branches.holiday_file import text_of
from branches.settings_duty import require_calendar_keeper
from branches.views.people import refuse_into
from common import saying
from common.addresses import client_address
from common.calendar_keeping import FIRST_YEAR, LAST_YEAR, Entry, enter_notice, set_day, weigh
from common.clock import now, today
from common.errors import Refused, Stale
from common.holiday_notice import MAX_CHARACTERS, Reading, read_notice
from common.models import Workday
from common.workdays import Calendar


def _keeper(request: HttpRequest) -> Actor:
    """The administrator of a root organization who asks; the calendar is everybody's. Raises NotAllowed otherwise."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    require_calendar_keeper(actor)
    return actor


@dataclass(frozen=True)
class Cell:
    """One day of the year's sheet."""

    day: date
    row: Workday | None
    worked: bool
    present: bool


@dataclass(frozen=True)
class Month:
    """One month: its weeks (Monday first, None outside the month) and its exceptions."""

    first: date
    weeks: list[list[Cell | None]]
    rows: list[Workday]
    worked: int


def _months(year: int, rows: list[Workday]) -> list[Month]:
    by_day = {row.day: row for row in rows}
    calendar = Calendar({row.day: row.kind == Workday.Kind.MAKE_UP for row in rows})
    found = []
    for month in range(1, 13):
        weeks: list[list[Cell | None]] = [
            [
                Cell(day, by_day.get(day), calendar.is_working(day), day == today())
                if day.month == month
                else None
                for day in week
            ]
            for week in months.Calendar().monthdatescalendar(year, month)
        ]
        worked = sum(cell.worked for week in weeks for cell in week if cell)
        found.append(
            Month(date(year, month, 1), weeks, [row for row in rows if row.day.month == month], worked)
        )
    return found


def _year(text: str | None) -> int:
    year = int(text) if text and text.isascii() and text.isdecimal() and len(text) == 4 else today().year
    return min(max(year, FIRST_YEAR), LAST_YEAR)


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """A year's sheet, month by month, with the days that are not what their weekday says."""
    _keeper(request)
    year = _year(request.GET.get("year"))
    rows = list(Workday.objects.filter(day__year=year))
    known = sorted(
        {day.year for day in Workday.objects.dates("day", "year")} | {today().year, today().year + 1, year}
    )
    sheet = _months(year, rows)
    context = {
        "year": year,
        "years": known,
        "months": sheet,
        "official": any(row.official for row in rows),
        "count": len(rows),
        "worked": sum(month.worked for month in sheet),
        "weekdays": [saying.weekday(date(2024, 1, 1 + n)) for n in range(7)],
        "legend": [Workday.Kind.HOLIDAY.label, Workday.Kind.MAKE_UP.label],
    }
    return render(request, "branches/calendar/year.html", context)


class DayForm(forms.Form):
    kind = forms.ChoiceField(
        label=gettext_lazy("This day is"),
        required=False,
        choices=[("", gettext_lazy("what its weekday says")), *Workday.Kind.choices],
        widget=forms.RadioSelect,
    )
    name = forms.CharField(label=gettext_lazy("Occasion"), max_length=40, required=False)


@never_cache
@require_http_methods(["GET", "POST"])
def day_page(request: HttpRequest, day: str) -> HttpResponse:
    """One day of the calendar, to be mended by hand."""
    actor = _keeper(request)
    try:
        chosen = date.fromisoformat(day)
    except ValueError:
        raise Http404 from None
    row = Workday.objects.filter(day=chosen).first()
    initial = {"kind": row.kind, "name": row.name} if row else {"kind": "", "name": ""}
    form = DayForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            set_day(chosen, **form.cleaned_data, user=actor.user, at=now(), address=client_address(request))
        except Refused as refusal:
            refuse_into(form, refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect(f"{reverse('branches:calendar')}?year={chosen.year}#month-{chosen.month}")
    context = {"day": chosen, "row": row, "form": form}
    return render(request, "branches/calendar/day.html", context, status=422 if form.errors else 200)


class NoticeForm(forms.Form):
    year = forms.IntegerField(label=gettext_lazy("For the year"), min_value=FIRST_YEAR, max_value=LAST_YEAR)
    text = forms.CharField(
        label=gettext_lazy("Text of the notice"),
        max_length=MAX_CHARACTERS,
        required=False,
        widget=forms.Textarea(attrs={"rows": 12, "spellcheck": "false"}),
        help_text=gettext_lazy(
            "Paste the notice as it is, or one day a line: 2027-10-01 放假 国庆节, 2027-10-09 上班."
        ),
    )
    file = forms.FileField(
        label=gettext_lazy("Or a table (.xlsx, .csv)"),
        required=False,
        help_text=gettext_lazy("Three columns: day, 放假 or 上班, occasion."),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv"}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("file"):
            try:
                cleaned["text"] = text_of(cleaned["file"])
            except Refused as refusal:
                self.add_error("file", str(refusal))
        elif not cleaned.get("text") and "text" not in self.errors:
            self.add_error("text", _("Paste the text of the notice or choose a file."))
        return cleaned


@never_cache
@require_http_methods(["GET", "POST"])
def notice(request: HttpRequest) -> HttpResponse:
    """Enter a yearly notice: first what it would change, then, confirmed, all of it at once."""
    actor = _keeper(request)
    if request.method == "GET":
        form = NoticeForm(initial={"year": _year(request.GET.get("year") or str(today().year + 1))})
        return _notice_page(request, form)
    form = NoticeForm(request.POST, request.FILES)
    if not form.is_valid():
        return _notice_page(request, form, status=422)
    text = form.cleaned_data["text"]
    reading = read_notice(text, year=form.cleaned_data["year"])
    if "confirm" in request.POST and not reading.faults:
        seen, address = request.POST.get("seen", ""), client_address(request)
        try:
            done = enter_notice(reading, seen=seen, user=actor.user, at=now(), address=address)
        except Stale as refusal:
            return _notice_page(request, form, text=text, reading=reading, problem=str(refusal), status=409)
        except Refused as refusal:
            return _notice_page(request, form, text=text, reading=reading, problem=str(refusal), status=422)
        messages.success(request, _said(done))
        return redirect(f"{reverse('branches:calendar')}?year={reading.year}")
    return _notice_page(request, form, text=text, reading=reading, status=422 if reading.faults else 200)


def _said(done: Entry) -> str:
    count = len(done.changes)
    sentence = ngettext("%(count)s day entered.", "%(count)s days entered.", count) % {"count": count}
    if done.becomes_official:
        sentence += " " + _("The calendar of %(year)s is official now.") % {"year": done.reading.year}
    return sentence


def _notice_page(
    request: HttpRequest,
    form: NoticeForm,
    *,
    text: str = "",
    reading: Reading | None = None,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    """The form; below it the faults of what was read, or the dry run."""
    if reading:
        # what was read from a file stands in the text field: it is what will be confirmed
        form = NoticeForm(initial={"year": reading.year, "text": text})
    entry = weigh(reading) if reading and not reading.faults else None
    context = {"form": form, "reading": reading, "entry": entry, "problem": problem, "text": text}
    return render(request, "branches/calendar/notice.html", context, status=status)
