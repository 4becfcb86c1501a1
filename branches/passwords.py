"""What a password must be, how old it may get, and the first one that is handed to a new person."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import (
    UNUSABLE_PASSWORD_PREFIX,
    BasePasswordHasher,
    PBKDF2PasswordHasher,
    make_password,
    mask_hash,
)
from django.core.exceptions import ValidationError
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from branches.models import User

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""No I, O, 0 or 1: an initial password is read from paper and told by phone."""
GROUPS, GROUP = 4, 4

KINDS: tuple[Callable[[str], bool], ...] = (str.islower, str.isupper, str.isdigit)


class KindsValidator:
    """At least so many of: small letters, capitals, digits, other characters (Chinese ones are others)."""

    def __init__(self, kinds: int = 3) -> None:
        self.kinds = kinds

    def validate(self, password: str, user: Any = None) -> None:
        """Raise ValidationError when there are too few kinds."""
        found = {next((i for i, is_kind in enumerate(KINDS) if is_kind(c)), len(KINDS)) for c in password}
        if len(found) < self.kinds:
            raise ValidationError(self.get_help_text(), code="password_too_few_kinds")

    def get_help_text(self) -> str:
        """The rule as a sentence."""
        return ngettext(
            "Use at least %(count)s of these: small letters, capital letters, digits, other characters.",
            "Use at least %(count)s of these: small letters, capital letters, digits, other characters.",
            self.kinds,
        ) % {"count": self.kinds}


class InitialPasswordHasher(BasePasswordHasher):
    """For initial passwords only: 80 random bits need no slow hash, and 10,000 new accounts cannot wait for one.

    Looking at one still takes as long as looking at any other password, so that nobody can tell by the clock which
    accounts have never been used. The first use replaces it, because another hasher is preferred.
    """

    algorithm = "initial"

    def encode(self, password: str, salt: str) -> str:
        """The stored form."""
        digest = hashlib.sha256(f"{salt}:{password}".encode()).hexdigest()
        return f"{self.algorithm}${salt}${digest}"

    def decode(self, encoded: str) -> dict[str, str]:
        """The parts of the stored form."""
        algorithm, salt, digest = encoded.split("$", 2)
        return {"algorithm": algorithm, "salt": salt, "hash": digest}

    def verify(self, password: str, encoded: str) -> bool:
        """Whether the password is the one stored, in the time of a slow hash."""
        salt = self.decode(encoded)["salt"]
        PBKDF2PasswordHasher().encode(password, salt)
        return constant_time_compare(encoded, self.encode(password, salt))

    def safe_summary(self, encoded: str) -> Any:
        """What may be shown of it."""
        return {"algorithm": self.algorithm, "hash": mask_hash(self.decode(encoded)["hash"])}

    def harden_runtime(self, password: str, encoded: str) -> None:
        """Nothing to do: verifying always takes the same time."""


def new_initial_password() -> str:
    """Four groups of four characters, for example ``K7QX-M2PD-9WTR-HJ4C``."""
    # 32 letters: five bits of a random byte choose one, each as likely as any other.
    letters = [LETTERS[byte & 31] for byte in secrets.token_bytes(GROUPS * GROUP)]
    return "-".join("".join(letters[start : start + GROUP]) for start in range(0, len(letters), GROUP))


def unusable_password() -> str:
    """What stands for a password that nobody has yet: it opens nothing, and no two are alike."""
    return UNUSABLE_PASSWORD_PREFIX + secrets.token_hex(20)


def give_initial_password(user: User, *, at: datetime) -> str:
    """Put a fresh initial password on a user (not saved) and return it; nobody can read it again later.

    Cheap enough for an import of 10,000: save ``INITIAL_FIELDS`` in bulk.
    """
    password = new_initial_password()
    user.password = make_password(password, hasher=InitialPasswordHasher.algorithm)
    user.must_change_password = True
    days = settings.INITIAL_PASSWORD_DAYS
    user.initial_until = at + timedelta(days=days) if days else None
    user.password_changed_at = at
    return password


INITIAL_FIELDS = ("password", "must_change_password", "initial_until", "password_changed_at")


def why_change(user: User, *, at: datetime) -> str:
    """Why this person must choose a new password before anything else; empty if they need not."""
    if user.must_change_password:
        return _("This is your first visit with an initial password. Choose one that only you know.")
    days = settings.PASSWORD_MAX_AGE_DAYS
    if days and user.password and at - user.password_since > timedelta(days=days):
        return ngettext(
            "Your password is more than %(count)s day old. Choose a new one.",
            "Your password is more than %(count)s days old. Choose a new one.",
            days,
        ) % {"count": days}
    return ""


def is_expired(user: User, *, at: datetime) -> bool:
    """Whether the user's initial password was left unused for too long."""
    return bool(user.must_change_password and user.initial_until and at > user.initial_until)
