"""What a measure asks of some otherwise than of the rest (分类要求): by kind of organisation, or by role within each.

People write a line for each (``党支部：开展主题党日``), the same in forms and tables; kept as ``{kind or role: text}``.
Speech mechanism: “七一”前后 the secretary gives the lecture, the branch holds the theme Party day.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from branches.models import Organization, Post
from branches.roster.layout import folded, said_everywhere
from common.errors import Refused, Sentence

LONGEST = 2000
"""Characters asked of one kind or role."""
ROLES = (
    Post.Role.SECRETARY,
    Post.Role.DEPUTY_SECRETARY,
    Post.Role.MEMBER,
    Post.Role.CLERK,
    Post.Role.LEADER,
    Post.Role.CHIEF,
)
"""Those who carry out what an organisation receives; inspectors and system duties receive nothing."""
LABELS: dict[str, Sentence] = {
    **{kind.value: kind.label for kind in Organization.Kind},
    **{role.value: role.label for role in ROLES},
}
HELP = gettext_lazy(
    "A line for each, for example “branch: hold a theme Party day”. A kind of organization gets these words instead "
    "of the general ones; a role (“secretary: give a lecture”) finds its own beside them."
)
_NAMED = re.compile(r"([^：:]{1,40})[：:](.*)")


def read_variants(text: str) -> dict[str, str]:
    """The lines as they are kept, in the order of the kinds and roles.

    Raises Refused with the line that names nobody, names somebody twice, says nothing, or says too much.
    """
    found: dict[str, str] = {}
    for line in filter(None, (line.strip() for line in text.splitlines())):
        named = _NAMED.fullmatch(line)
        key = _names().get(folded(named[1])) if named else None
        if named is None or key is None:
            said = _(
                "“%(line)s” does not begin with one of these: %(words)s. Begin each line so: “%(example)s”."
            )
            words = "、".join(str(label) for label in LABELS.values())
            example = f"{LABELS[Organization.Kind.BRANCH]}：…"
            raise Refused(said % {"line": line[:30], "words": words, "example": example})
        label = LABELS[key]
        if key in found:
            raise Refused(_("“%(name)s” stands there twice. Put both into one line.") % {"name": label})
        asked = named[2].strip()
        if not asked:
            raise Refused(_("Say after “%(name)s” what is asked of it.") % {"name": label})
        if len(asked) > LONGEST:
            raise Refused(
                _("What is asked of “%(name)s” is too long: at most %(count)s characters.")
                % {"name": label, "count": LONGEST}
            )
        found[key] = asked
    return {key: found[key] for key in LABELS if key in found}


def said_of(variants: Mapping[str, str]) -> str:
    """The inverse: a line for each, in the reader's language."""
    return "\n".join(f"{label}：{variants[key]}" for key, label in LABELS.items() if key in variants)


def asked_of(kind: str, *, requirement: str, variants: Mapping[str, str]) -> str:
    """All that an organisation of a kind is asked: its own words or the general ones, then a line for each role."""
    roles = said_of({role: variants[role] for role in ROLES if role in variants})
    return "\n".join(filter(None, [variants.get(kind) or requirement, roles]))


@cache
def _names() -> dict[str, str]:
    """What may stand before the colon, in every language; 党组 for 党组（党委） too."""
    names: dict[str, str] = {}
    for key, label in LABELS.items():
        for said in said_everywhere(label):
            names |= {folded(said): key, folded(said.partition("（")[0]): key}
        names[folded(key)] = key
    return names
