"""Every sentence of the product has its Chinese, and the Chinese keeps what must be filled in.

The sentences are read from the source as `makemessages` reads them (templates through Django's own `templatize`), but with
Babel, so that it needs no gettext tools.
"""

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from django.conf import settings
from django.utils.translation.template import templatize

from config.catalogues import compile_catalogues

KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
FLOORS = ("config", "reports", "tracker", "branches", "common")
FIELD = re.compile(r"%\(\w+\)[\d.]*[a-z]|%[sd]|(?<!\{)\{\w*\}(?!\})")


def sentences(source: str) -> Iterator[tuple[str | None, str | tuple[str, ...]]]:
    """Each (context, sentence) of a Python source; a sentence with a plural is a pair."""
    for _line, message, _comments, context in extract("python", BytesIO(source.encode()), KEYWORDS):
        if message:
            yield context, message


def template_sentences(source: str) -> Iterator[tuple[str | None, str | tuple[str, ...]]]:
    """The same of a template. Indentation means nothing there and would confuse a reader of Python."""
    yield from sentences("\n".join(line.strip() for line in templatize(source).splitlines()))


def asked_for() -> dict[tuple[str | None, str], list[str]]:
    """Every (context, sentence) of the product, with the files it stands in."""
    found: dict[tuple[str | None, str], list[str]] = {}
    templates = [(path, template_sentences) for path in (settings.BASE_DIR / "templates").rglob("*.*")]
    modules = [(path, sentences) for floor in FLOORS for path in (settings.BASE_DIR / floor).rglob("*.py")]
    for path, read in [*templates, *modules]:
        for context, message in read(path.read_text(encoding="utf-8")):
            singular = message if isinstance(message, str) else message[0]
            found.setdefault((context, singular), []).append(str(path.relative_to(settings.BASE_DIR)))
    return found


@pytest.fixture(scope="module")
def chinese() -> Catalog:
    with (settings.BASE_DIR / "locale/zh_Hans/LC_MESSAGES/django.po").open("rb") as file:
        return read_po(file, locale="zh_Hans")


def test_every_sentence_has_its_chinese(chinese):
    found = asked_for()
    assert len(found) > 100
    missing = {}
    for (context, sentence), places in found.items():
        entry = chinese.get(sentence, context)
        if (
            entry is None
            or entry.fuzzy
            or not all([entry.string] if isinstance(entry.string, str) else entry.string)
        ):
            missing[sentence if context is None else f"{context}|{sentence}"] = sorted(set(places))
    assert missing == {}


def test_chinese_keeps_what_is_filled_in(chinese):
    differing = {}
    for entry in chinese:
        if not entry.id:
            continue
        originals = [entry.id] if isinstance(entry.id, str) else entry.id
        translations = [entry.string] if isinstance(entry.string, str) else entry.string
        # A plural's singular may leave its number out; the last form is the full one.
        wanted = {match.group() for match in FIELD.finditer(originals[-1])}
        for text in translations:
            if {match.group() for match in FIELD.finditer(text)} != wanted:
                differing[originals[-1]] = text
    assert differing == {}


def test_sentences_are_found_in_python_and_in_templates():
    assert list(
        sentences("x = _('One')\ny = ngettext('%d task', '%d tasks', n)\nz = pgettext('month', 'May')")
    ) == [
        (None, "One"),
        (None, ("%d task", "%d tasks")),
        ("month", "May"),
    ]
    template = (
        "<p>\n    {% translate 'One' %}\n  {{ plan }}\n</p>\n"
        "{% blocktranslate trimmed count n=tasks.count %}\n  {{ n }} task\n  {% plural %}{{ n }} tasks{% endblocktranslate %}"
        "\n{# it's a remark #}{% translate 'May' context 'month' %}"
    )
    assert list(template_sentences(template)) == [
        (None, "One"),
        (None, ("%(n)s task", "%(n)s tasks")),
        ("month", "May"),
    ]


def catalogue(folder: Path, text: str) -> Path:
    path = folder / "zh_Hans" / "LC_MESSAGES" / "django.po"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n{text}', encoding="utf-8"
    )
    return path


def test_catalogues_are_compiled_when_they_change_and_without_guesses(tmp_path):
    path = catalogue(tmp_path, 'msgid "One"\nmsgstr "一"\n\n#, fuzzy\nmsgid "Two"\nmsgstr "三"\n')
    compiled = path.with_suffix(".mo")
    assert compile_catalogues([tmp_path]) == [compiled]
    assert "一".encode() in compiled.read_bytes()
    assert "三".encode() not in compiled.read_bytes()
    assert compile_catalogues([tmp_path]) == []
    assert [entry.name for entry in path.parent.iterdir() if entry.suffix not in {".po", ".mo"}] == []
