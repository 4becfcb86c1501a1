"""Reading the yearly notice on holidays: which days are off, which are worked instead.

Understands the sentences of the State Council's notices ("国庆节：10月1日（周四）至7日（周三）放假调休，共7天。
9月20日（周日）、10月10日（周六）上班。") and plain lines of days ("2027-10-01 放假 国庆节"). What the notice says of itself
is checked: the number of days, the days of the week. Nothing is guessed: a sentence about a holiday that is not
understood is a fault. Free of the database.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.utils.translation import gettext_lazy as _

from common.errors import Sentence

MAX_CHARACTERS = 20_000
LONGEST = 20
"""Days one holiday may have at most; more is a slip of the pen."""
STATUTORY = ("元旦", "春节", "清明", "劳动", "端午", "中秋", "国庆")
"""全国年节及纪念日放假办法, art. 2: what a complete year names."""

_OCCASION = r"(?:元旦|春节|清明节?|(?:国际)?劳动节|五一|端午节?|中秋节?|国庆节?)"
_STARTS = re.compile(rf"(?:[一二三四五六七八九十]+、\s*)?({_OCCASION}(?:[、和及]{_OCCASION})*)\s*:")
_TITLE_YEAR = re.compile(r"(20\d\d)年\s*(?:部分节假日|元旦)")
_PLAIN = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})日?[\s,;]+([\u4e00-\u9fff]+)[\s,;]*(.*)"
)
_VERB = re.compile(r"放假(?:调休)?|上班|补班")
_DAY = r"(?:(\d{4})年)?(?:(\d{1,2})月)?(\d{1,2})日(\([^()]*\))?"
_SPAN = re.compile(rf"{_DAY}(?:(?:至|到|-|—|–|~){_DAY})?")
_COUNT = re.compile(r"(\d{1,2})天")
_WEEKDAY = re.compile(r"(?:周|星期)([一二三四五六日天])")
_WEEKDAYS = {"一": 0, "二": 1, "三": 2, "四": 3, "五": 4, "六": 5, "日": 6, "天": 6}
_OFF = {"放假", "休息", "休", "节假日", "假日"}
_WORKED = {"上班", "补班", "班", "工作日", "调休上班"}


@dataclass(frozen=True)
class Fault:
    """One thing in the text that cannot be right, with the words it stands in."""

    words: str
    sentence: Sentence


@dataclass
class Reading:
    """What a text decrees. ``off`` and ``worked`` give each day its occasion; weekends that are off are among them."""

    year: int
    off: dict[date, str] = field(default_factory=dict)
    worked: dict[date, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    @property
    def missing(self) -> list[str]:
        """The statutory holidays that the text does not name; none when it decrees the whole year."""
        named = "、".join(name for day, name in self.off.items() if day.year == self.year)
        return [name for name in STATUTORY if name not in named]

    @property
    def exceptions(self) -> dict[date, tuple[bool, str]]:
        """The days that are not what their weekday says: worked or not, and the occasion."""
        found = {day: (False, name) for day, name in self.off.items() if day.weekday() < 5}
        return dict(sorted((found | {day: (True, name) for day, name in self.worked.items()}).items()))


def read_notice(text: str, *, year: int) -> Reading:
    """The days that a notice for ``year`` decrees; everything doubtful is among ``faults``, in reading order."""
    reading = Reading(year)
    plain = unicodedata.normalize("NFKC", text[:MAX_CHARACTERS]).replace("\u3000", " ")
    if len(text) > MAX_CHARACTERS:
        reading.faults.append(Fault("", _("The text is too long for a notice on holidays.")))
    if (title := _TITLE_YEAR.search(plain)) and int(title[1]) != year:
        reading.faults.append(Fault(title[0], _("This notice is for another year than the chosen one.")))
    occasion = ""
    for line in _paragraphs(plain):
        if found := _PLAIN.fullmatch(line):
            _read_plain(reading, found)
            continue
        start = _STARTS.match(line)
        if start:
            occasion = start[1]
        _Sentences(reading, occasion, line[start.end() :] if start else line).read(announced=bool(start))
    for day in sorted(set(reading.off) & set(reading.worked)):
        reading.faults.append(Fault(f"{day:%Y-%m-%d}", _("This day is both off and worked.")))
    if not reading.off and not reading.worked and not reading.faults:
        reading.faults.append(Fault("", _("The text names no day that is off or worked.")))
    return reading


def _paragraphs(text: str) -> list[str]:
    """Lines of days one by one; running text, whose lines may be broken anywhere, from one occasion to the next."""
    parts: list[str] = []
    for line in map(str.strip, text.splitlines()):
        if _PLAIN.fullmatch(line):
            parts += ["\n", line, "\n"]
        else:
            parts.append(line)
    joined = _STARTS.sub(lambda found: f"\n{found[0]}", "".join(parts))
    return [line for line in joined.split("\n") if line]


def _read_plain(reading: Reading, found: re.Match[str]) -> None:
    try:
        day = date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        reading.faults.append(Fault(found[0], _("There is no such day.")))
        return
    name = found[5].strip()[:40]
    if day.year != reading.year:
        reading.faults.append(Fault(found[0], _("This day is not in the chosen year.")))
    elif found[4] in _OFF:
        reading.off[day] = name
    elif found[4] in _WORKED:
        _work(reading, day, name, found[0])
    else:
        reading.faults.append(
            Fault(found[0], _("Write 放假 for a day off or 上班 for a day that is worked."))
        )


def _work(reading: Reading, day: date, name: str, words: str) -> None:
    if day.weekday() < 5:
        reading.faults.append(
            Fault(words, _("A make-up day is a Saturday or Sunday; this one is worked anyway."))
        )
    else:
        reading.worked[day] = name


@dataclass
class _Sentences:
    """What one paragraph says of one occasion."""

    reading: Reading
    occasion: str
    line: str

    def read(self, *, announced: bool) -> None:
        """Every run of days before a verb (放假, 上班), with the number of days that follows it."""
        place, understood = 0, False
        verbs = list(_VERB.finditer(self.line))
        for index, verb in enumerate(verbs):
            segment = self.line[place : verb.start()].rpartition("。")[2]
            end = verbs[index + 1].start() if index + 1 < len(verbs) else len(self.line)
            place = verb.end()
            days = self._days(segment)
            if days is None:
                continue
            understood = True
            if verb[0].startswith("放假"):
                self._check_count(days, self.line[verb.end() : end], segment + verb[0])
                for day in days:
                    self.reading.off.setdefault(day, self.occasion)
            else:
                for day in days:
                    _work(self.reading, day, self.occasion, segment + verb[0])
        if announced and not understood and not self.reading.faults:
            self._fault(self.line, _("No day off is named here."))

    def _days(self, segment: str) -> list[date] | None:
        """The days of a segment in order; None when it names none, or none that can be understood."""
        spans = list(_SPAN.finditer(segment))
        if not spans:
            if re.search(r"\d+\s*[月日号]", segment):
                self._fault(segment, _("These dates cannot be understood."))
            return None
        if re.search(r"\d", re.sub(r"\d+天|\d+年", "", _SPAN.sub("", segment))):
            self._fault(segment, _("These dates cannot be understood."))
            return None
        found: list[date] = []
        month = 0
        for span in spans:
            first = self._day(span, 1, month)
            last = self._day(span, 5, first.month if first else 0) if span[7] else first
            if first is None or last is None:
                return None
            if last < first and not span[1]:
                first = first.replace(year=last.year - 1)
            if not 0 <= (last - first).days < LONGEST:
                self._fault(span[0], _("This holiday has no plausible length."))
                return None
            month = last.month
            found += [first + timedelta(days=n) for n in range((last - first).days + 1)]
        return found

    def _day(self, span: re.Match[str], group: int, month: int) -> date | None:
        year, given, day, aside = span[group], span[group + 1], span[group + 2], span[group + 3]
        month = int(given) if given else month
        # New Year's Day is announced together with the last days of the old year.
        eve = self.occasion == "元旦" and month == 12 and group == 1 and not span[7]
        try:
            found = date(int(year) if year else self.reading.year - eve, month, int(day))
        except ValueError:
            self._fault(span[0], _("There is no such day."))
            return None
        if not found.year - 1 <= self.reading.year <= found.year + 1:
            self._fault(span[0], _("This day is not in the chosen year."))
            return None
        if found.month == 12 and span[7] and group == 1 and not year:
            return found  # its year, and so its weekday, is known only with the end of the span
        said = _WEEKDAY.search(aside or "")
        if said and _WEEKDAYS[said[1]] != found.weekday():
            self._fault(span[0], _("The day of the week does not fit the date; is this the right year?"))
            return None
        return found

    def _check_count(self, days: list[date], tail: str, words: str) -> None:
        count = _COUNT.search(tail)
        if count and int(count[1]) != len(days):
            self._fault(f"{words}…{count[0]}", _("The number of days does not fit the dates."))

    def _fault(self, words: str, sentence: Sentence) -> None:
        self.reading.faults.append(Fault(words.strip(" ,、。")[:80], sentence))
