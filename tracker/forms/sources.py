"""What is asked when a document is entered and decided on."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from branches.models import Organization
from tracker.documents import Unreadable, text_of
from tracker.models import Measure, Source
from tracker.sources import MAX_BYTES, MAX_CHARACTERS
from tracker.unreadable import refusal

_DATE = re.compile(r"(20\d\d)\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*日")
LONGEST_TITLE = 60
HEAD = 400
"""Characters at the beginning in which a document tells its own date."""


class DocumentForm(forms.Form):
    """A document as pasted text or as a file, whose text is then in ``text``."""

    file = forms.FileField(
        label=_("Or a file"),
        required=False,
        help_text=_("txt, md, docx or pdf with text, up to 20 MB. Kept exactly as received."),
        widget=forms.ClearableFileInput(attrs={"accept": ".txt,.md,.docx,.pdf"}),
    )
    text = forms.CharField(
        label=_("Text of the document"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 14}),
        help_text=_("Paste the whole document. Headings, numbers and line breaks help the reading."),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        file, text = cleaned.get("file"), cleaned.get("text") or ""
        if file and self.is_typed(text):
            self.add_error("text", _("Give either a file or a text, not both. Empty one of them."))
        elif file:
            cleaned["text"] = self._text_of(file)
        elif "file" not in self.errors and not text.strip():
            self.add_error("text", _("Paste the document's text or choose a file."))
        if len(cleaned.get("text") or "") > MAX_CHARACTERS:
            self.add_error(
                "file" if file else "text",
                _("The text is longer than %(most)s characters. Enter it in parts.")
                % {"most": MAX_CHARACTERS},
            )
        self.complete(cleaned)
        if self.errors and file:
            self.add_error("file", _("Please choose the file again: a browser does not keep it."))
        return cleaned

    def is_typed(self, text: str) -> bool:
        """Whether a person gave this text, and a file beside it would leave open which of them is meant."""
        return bool(text.strip())

    def complete(self, cleaned: dict[str, Any]) -> None:
        """What else can be learned from the document."""

    def _text_of(self, file: Any) -> str:
        if file.size > MAX_BYTES:
            self.add_error("file", str(refusal(Unreadable("too_large", megabytes=MAX_BYTES // 1024 // 1024))))
            return ""
        try:
            return text_of(file.name, file.read())
        except Unreadable as error:
            self.add_error("file", str(refusal(error)))
            return ""


class CorrectionForm(DocumentForm):
    """The corrected text of a source: its text to be changed, or another file."""

    field_order = ("text", "file")

    def __init__(self, *args: Any, source: Source, **kwargs: Any) -> None:
        super().__init__(*args, **{"initial": {"text": source.text}, **kwargs})
        self.source = source
        self.fields["text"].label = _("The text, to be corrected here")
        self.fields["text"].help_text = _("Change what is wrong, or replace it all.")
        self.fields["text"].widget.attrs["rows"] = 20

    def is_typed(self, text: str) -> bool:
        return super().is_typed(text) and text.replace("\r\n", "\n").strip() != self.source.text.strip()


class SourceForm(DocumentForm):
    """A new document. Title and date are taken from its head where they are left out."""

    organization = forms.ModelChoiceField(Organization.objects.none(), label=_("Kept by"), empty_label=None)
    title = forms.CharField(
        label=_("Title"),
        required=False,
        max_length=200,
        help_text=_("Left empty: the first line of the text, if it is a title."),
    )
    dated = forms.DateField(
        label=_("Date of the document"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("Words such as “by the end of the year” are counted from it."),
    )
    category = forms.ChoiceField(label=_("Category"), choices=Source.Category.choices)
    issuer = forms.CharField(label=_("Issuer"), required=False, max_length=100)
    number = forms.CharField(label=_("Document number"), required=False, max_length=60)

    def __init__(self, *args: Any, offices: list[Organization], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = Organization.objects.filter(pk__in=[o.pk for o in offices])
        self.fields["organization"].queryset = choices  # type: ignore[attr-defined]
        if len(offices) == 1:
            self.fields["organization"].widget = forms.HiddenInput()
            self.fields["organization"].initial = offices[0].pk

    def complete(self, cleaned: dict[str, Any]) -> None:
        text = cleaned.get("text") or ""
        if not text.strip():
            return
        if not cleaned.get("dated") and "dated" not in self.errors:
            cleaned["dated"] = date_in(text[:HEAD])
            if cleaned["dated"] is None:
                self.add_error("dated", _("The text does not say its date. Enter it."))
        if not cleaned.get("title") and "title" not in self.errors:
            cleaned["title"] = title_in(text) or self._made_title(cleaned)

    def _made_title(self, cleaned: dict[str, Any]) -> str:
        """A speech that begins with its salutation is called after its kind, issuer and date."""
        kind = dict(Source.Category.choices).get(cleaned.get("category", ""), "")
        parts = [cleaned.get("issuer") or "", str(kind), str(cleaned.get("dated") or "")]
        return " ".join(part for part in parts if part)[:200]


def date_in(text: str) -> date | None:
    """The first full date of a text, None where there is none."""
    if match := _DATE.search(text):
        try:
            return date(int(match[1]), int(match[2]), int(match[3]))
        except ValueError:
            return None
    return None


def title_in(text: str) -> str:
    """The first line of a text if it can be a title: short, no sentence and no salutation. Else an empty text."""
    first = text.strip().splitlines()[0].strip()
    is_title = (
        len(first) <= LONGEST_TITLE and first[-1] not in "。：:，,；;！!" and not first.startswith("同志们")
    )
    return first if is_title else ""


class AsideForm(forms.Form):
    """Why an action needs no measure."""

    reason = forms.CharField(label=_("Reason"), max_length=300)


class MergeForm(forms.Form):
    """Which measure of the chosen plan takes up an action."""

    measure = forms.ModelChoiceField(Measure.objects.none(), label=_("Into the measure"), empty_label=None)

    def __init__(self, *args: Any, measures: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["measure"].queryset = measures  # type: ignore[attr-defined]


class WordsForm(forms.Form):
    """Words of the text to be marked as an action; ``near`` is where they were selected."""

    words = forms.CharField(label=_("Words of the text"), max_length=300)
    near = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)


class PapersField(forms.ModelMultipleChoiceField):
    """Papers with issuer and date: titles repeat from year to year."""

    def label_from_instance(self, obj: Any) -> str:
        particulars = "，".join(part for part in (obj.issuer, obj.number, f"{obj.dated:%Y-%m-%d}") if part)
        return f"{obj.title}（{particulars}）"


class RestsOnForm(forms.Form):
    """Which papers, entered by the same office, a source carries out."""

    papers = PapersField(
        Source.objects.none(),
        label=_("Papers it carries out"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, source: Source, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = Source.objects.current().filter(organization=source.organization_id).exclude(pk=source.pk)
        self.fields["papers"].queryset = others.defer("text").order_by("-dated", "-pk")  # type: ignore[attr-defined]
