"""One account per role, with a password made for this database."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from django.contrib.auth.hashers import make_password

from branches.models import User

ACCOUNTS = {
    "clerk": "工委党务干部",
    "secretary": "党支部书记",
    "leader": "工委分管领导",
    "reviewer": "机关党委党务干部",
    "inspector": "督查员",
    "admin": "系统管理员",
}
"""Fixed account names of the sample committee and what their holders are."""


@dataclass(frozen=True)
class Account:
    """Somebody who can sign in to the sample."""

    role: str
    username: str
    password: str


def open_accounts() -> list[Account]:
    """Give the six accounts of the sample one new password; all other people of the sample cannot sign in."""
    password = f"yunchuan-{secrets.randbelow(9000) + 1000}-{secrets.token_hex(2)}"
    User.objects.filter(username__in=ACCOUNTS).update(password=make_password(password))
    return [Account(role, username, password) for username, role in ACCOUNTS.items()]


def write_down(accounts: list[Account], path: Path) -> None:
    """Keep the accounts in a file that only its owner can read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(json.dumps([asdict(a) for a in accounts], ensure_ascii=False, indent=2), encoding="utf-8")
