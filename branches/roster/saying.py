"""What an import would change, or has changed, in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext


def lines_of(figures: Mapping[str, Any]) -> list[str]:
    """A line for each kind of change there is; one line when there is none."""
    told = [
        (figures.get(name, 0), singular_plural)
        for name, singular_plural in (
            ("added", lambda n: ngettext("%(n)s organization added", "%(n)s organizations added", n)),
            ("changed", lambda n: ngettext("%(n)s organization changed", "%(n)s organizations changed", n)),
            ("moved", lambda n: ngettext("%(n)s of them moved", "%(n)s of them moved", n)),
            ("terms", lambda n: ngettext("%(n)s term of office entered", "%(n)s terms of office entered", n)),
            ("accounts", lambda n: ngettext("%(n)s account made", "%(n)s accounts made", n)),
            (
                "contacts",
                lambda n: ngettext(
                    "%(n)s person's phone number or e-mail changed",
                    "%(n)s people's phone numbers or e-mails changed",
                    n,
                ),
            ),
            ("appointed", lambda n: ngettext("%(n)s post given", "%(n)s posts given", n)),
            ("handed_over", lambda n: ngettext("%(n)s post handed over", "%(n)s posts handed over", n)),
            ("ended", lambda n: ngettext("%(n)s post ended", "%(n)s posts ended", n)),
        )
    ]
    lines = [say(number) % {"n": number} for number, say in told if number]
    for name, sentence in (
        ("new_areas", _("New areas: %(names)s")),
        ("new_tags", _("New tags: %(names)s")),
    ):
        if names := figures.get(name):
            lines.append(sentence % {"names": "、".join(names)})
    return lines or [_("Nothing changes: everything is so already.")]
