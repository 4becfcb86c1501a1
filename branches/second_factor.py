"""The second factor: enrol an authenticator app (RFC 6238), ask it for codes, and recovery codes for a lost phone."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from datetime import datetime

import pyotp
import segno
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import transaction
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.encoding import force_bytes
from django.utils.translation import gettext as _

from branches.lockout import charge, forget, wait_sentence
from branches.models import RecoveryCode, SecondFactor, User
from branches.passwords import LETTERS
from common.audit import record
from common.errors import Refused
from common.models import AuditEntry

STEP = 30
"""Seconds one code stands on the phone; its neighbours are accepted too, for clocks that differ."""
RECOVERY_CODES = 10
NOT_CODE = re.compile(r"[\s-]")


def has_second_factor(user: User) -> bool:
    """Whether sign-in asks this person for a code."""
    return SecondFactor.objects.filter(user=user, confirmed_at__isnull=False).exists()


def begin_enrolment(user: User) -> str:
    """The secret to be put into the app: the pending one, or a fresh one. A confirmed one is never shown again."""
    with transaction.atomic():
        factor, _new = SecondFactor.objects.select_for_update().get_or_create(
            user=user, defaults={"secret": _locked(pyotp.random_base32())}
        )
        if factor.confirmed_at:
            raise Refused(_("The second factor is already on. Switch it off before you set it up again."))
        try:
            return _unlocked(factor.secret)
        except InvalidToken:  # left by another secret key
            secret = pyotp.random_base32()
            factor.secret = _locked(secret)
            factor.save(update_fields=["secret"])
            return secret


def picture_of(user: User, secret: str) -> str:
    """A QR code with the secret, as a ``data:`` address for an ``<img>``."""
    address = pyotp.TOTP(secret, interval=STEP).provisioning_uri(
        name=user.username, issuer_name=settings.OTP_ISSUER
    )
    return segno.make(address, error="m").svg_data_uri(scale=4, border=3, dark="#000", light="#fff")


def confirm_enrolment(user: User, code: str, *, at: datetime, address: str | None = None) -> list[str]:
    """Switch the second factor on with a first code; return the recovery codes, shown this once.

    Effects in order: check the code, mark the factor confirmed, replace the recovery codes, audit.
    Raises Refused for a wrong code.
    """
    with transaction.atomic():
        factor = SecondFactor.objects.select_for_update().filter(user=user).first()
        if factor is None or factor.confirmed_at or not _accept(factor, code, at=at):
            raise Refused(
                _(
                    "This code does not fit. Check that the clock of your phone is right and enter the newest code."
                ),
                fields={"code": _("Does not fit.")},
            )
        factor.confirmed_at = at
        factor.save(update_fields=["confirmed_at"])
        codes = _new_recovery_codes(user)
        data = {"act": "second_factor_on", "account": user.username}
        record(AuditEntry.Kind.ACCOUNT, at=at, user=user, address=address, data=data)
    return codes


def renew_recovery_codes(user: User, *, at: datetime, address: str | None = None) -> list[str]:
    """Ten fresh codes; the old ones open nothing any more."""
    with transaction.atomic():
        codes = _new_recovery_codes(user)
        data = {"act": "recovery_codes", "account": user.username}
        record(AuditEntry.Kind.ACCOUNT, at=at, user=user, address=address, data=data)
    return codes


def remove(user: User, *, by: User, at: datetime, address: str | None = None) -> None:
    """Switch the second factor off and forget its secret and its recovery codes."""
    with transaction.atomic():
        SecondFactor.objects.filter(user=user).delete()
        RecoveryCode.objects.filter(user=user).delete()
        data = {"act": "second_factor_off", "account": user.username}
        record(AuditEntry.Kind.ACCOUNT, at=at, user=by, address=address, data=data)


def check_code(user: User, code: str, *, at: datetime) -> None:
    """Accept a code of the app or one recovery code, once; raise Refused with what to do.

    Wrong codes are counted for the account from everywhere together: who types them already knows the password.
    """
    account = f"code:{user.pk}"
    if wait := charge(account, address="", at=at):
        raise Refused(wait_sentence(wait), code="locked")
    with transaction.atomic():
        factor = (
            SecondFactor.objects.select_for_update().filter(user=user, confirmed_at__isnull=False).first()
        )
        fits = factor is not None and _accept(factor, code, at=at)
        if not fits:
            digests = [_digest(user, code, key=key) for key in _secret_keys()]
            fits = bool(RecoveryCode.objects.filter(user=user, digest__in=digests).delete()[0])
    if not fits:
        raise Refused(_("This code does not fit. Enter the newest code of your app, or a recovery code."))
    forget(account, address="")


def _accept(factor: SecondFactor, code: str, *, at: datetime) -> bool:
    """Whether the code is of this half-minute or a neighbour, and later than the last accepted one."""
    digits = NOT_CODE.sub("", code)
    now = int(at.timestamp()) // STEP
    try:
        totp = pyotp.TOTP(_unlocked(factor.secret), interval=STEP)
    except InvalidToken:
        return False
    for step in (now - 1, now, now + 1):
        if step > factor.last_step and constant_time_compare(totp.generate_otp(step), digits):
            factor.last_step = step
            factor.save(update_fields=["last_step"])
            return True
    return False


def _new_recovery_codes(user: User) -> list[str]:
    RecoveryCode.objects.filter(user=user).delete()
    codes = ["".join(secrets.choice(LETTERS) for _i in range(10)) for _n in range(RECOVERY_CODES)]
    RecoveryCode.objects.bulk_create(RecoveryCode(user=user, digest=_digest(user, code)) for code in codes)
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def _digest(user: User, code: str, *, key: str | bytes | None = None) -> str:
    """50 random bits behind the secret key need no slow hash."""
    value = f"{user.pk}:{NOT_CODE.sub('', code).upper()}"
    return salted_hmac("branches.RecoveryCode", value, secret=key, algorithm="sha256").hexdigest()


def _secret_keys() -> list[str | bytes]:
    """The secret key, and older ones that still read what they wrote."""
    return [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]


def _keys() -> MultiFernet:
    digests = (
        hashlib.sha256(b"branches.SecondFactor:" + force_bytes(key)).digest() for key in _secret_keys()
    )
    return MultiFernet(Fernet(base64.urlsafe_b64encode(digest)) for digest in digests)


def _locked(secret: str) -> str:
    return _keys().encrypt(secret.encode()).decode()


def _unlocked(secret: str) -> str:
    return _keys().decrypt(secret.encode()).decode("ascii")
