"""The sentences people read when a received file gives no text."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from common.errors import Refused
from tracker.documents import Unreadable

_SENTENCES = {
    "empty": _("The file holds no text. Choose another file or paste the text."),
    "too_large": _("The file is larger than %(megabytes)s MB. Split it, or paste the part to be read."),
    "too_long": _(
        "The text is longer than %(characters)s characters. Split it and read the parts one by one."
    ),
    "not_text": _("The file is not a text that can be read. Save it as .txt, .docx or .pdf and try again."),
    "unknown_type": _(
        "Only .txt, .md, .docx and .pdf files can be read. Save the file in one of these forms."
    ),
    "legacy_word": _("This is an old Word file (.doc). Save it as .docx and try again."),
    "broken": _(
        "The file is damaged and cannot be opened. Open it in your office program, save it anew and try again."
    ),
    "encrypted": _("The file is protected by a password. Remove the password and try again."),
    "scanned": _("The PDF holds only pictures of pages. Run text recognition first, or paste the text."),
    "hostile": _(
        "The file is built in a way that is not accepted. Open it in your office program and save it anew."
    ),
    "too_costly": _("The file takes too long to open. Paste its text instead."),
}


def refusal(error: Unreadable) -> Refused:
    """The refusal for a file that could not be read, with a sentence that says what to do."""
    sentence = _SENTENCES.get(error.code, _SENTENCES["broken"])
    return Refused(str(sentence) % error.params, code=f"source_{error.code}")
