"""The first system administrator, security officer and auditor, who then look after everybody else on the pages."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils.translation import gettext as _

from branches.accounts import USERNAME
from branches.models import Organization, Post, User
from branches.passwords import give_initial_password
from branches.posts import appoint
from common.audit import record
from common.clock import local_date, now
from common.errors import Refused
from common.models import AuditEntry


class Command(BaseCommand):
    help = (
        "Grant a post from today on, for example: appoint zhou.jianguo ADMINISTRATOR YC --name 周建国. An account that "
        "does not exist is made, its initial password printed once."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("role", choices=Post.Role.values)
        parser.add_argument("organization", help="code of the organization")
        parser.add_argument("--name", default="", help="the person's name, for a new account")

    def handle(
        self, *args: Any, username: str, role: str, organization: str, name: str, **options: Any
    ) -> None:
        """One transaction; refused entirely or done entirely, and audited as done by the system."""
        at = now()
        place = Organization.objects.filter(code=organization).first()
        if place is None:
            raise CommandError(_("There is no organization with the code %(code)s.") % {"code": organization})
        user = User.objects.filter(username=username).first()
        password = ""
        with transaction.atomic():
            if user is None:
                if not name or not USERNAME.fullmatch(username):
                    raise CommandError(
                        _("There is no account %(account)s. Give --name to make it.") % {"account": username}
                    )
                user = User(username=username, name=name, organization=place)
                password = give_initial_password(user, at=at)
                user.save(force_insert=True)
                data = {"act": "create", "user": user.pk, "account": username, "organization": place.code}
                record(AuditEntry.Kind.ACCOUNT, at=at, data=data)
            try:
                post = appoint(user, organization=place, role=role, since=local_date(at), by=None, at=at)
            except Refused as refusal:
                raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"{user.name} · {post.title}")
        if password:
            self.stdout.write(_("Initial password: %(password)s") % {"password": password})
