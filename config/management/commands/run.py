"""`make run`: everything Bihuan needs on one machine, started together and stopped together."""

import http.client
import json
import os
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connection, connections
from django.db.migrations.executor import MigrationExecutor
from django.utils import translation
from django.utils.translation import gettext as _

from config.assets import collect_assets
from config.catalogues import compile_catalogues
from config.embedded import find_server, server_command, socket_path
from config.first_start import is_empty, load_sample
from config.prerequisites import check_disk, check_port, check_redis, only_one_in, port_number
from config.processes import Part, Supervisor, die_with_parent

START_WITHIN = 60.0
# Each worker would check the whole project again before it starts.
CHILDREN = {"PYTHONUNBUFFERED": "1", "CELERY_SKIP_CHECKS": "1"}


class Command(BaseCommand):
    help = (
        "Run the whole of Bihuan here: web, jobs, reminders and (unless REDIS_URL is set) an embedded Valkey."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default=os.environ.get("BIND") or "127.0.0.1")
        parser.add_argument("--port", default=os.environ.get("PORT") or "8000")
        parser.add_argument(
            "--no-demo",
            action="store_false",
            dest="demo",
            default=os.environ.get("DEMO", "1") != "0",
            help="leave an empty database empty",
        )

    def handle(self, *args: Any, host: str, port: str, demo: bool, **options: Any) -> None:
        """Check, prepare, start, wait; on Ctrl-C, SIGTERM, SIGHUP or the death of any part, stop all of it."""
        if "MAKELEVEL" in os.environ:
            # `make` killed outright cannot pass the news on.
            die_with_parent()
        with translation.override(_language_of_the_terminal()):
            number = port_number(port)
            with only_one_in(settings.VAR_DIR):
                check_port(host, number)
                check_disk(settings.VAR_DIR)
                check_redis()
                with Supervisor({**os.environ, **CHILDREN}) as supervisor:
                    self._prepare()
                    if demo and is_empty():
                        self._load_sample(supervisor)
                    connections.close_all()
                    self._serve(supervisor, host, number)
            self.stdout.write(_("Everything has stopped."))

    def _prepare(self) -> None:
        """Bring catalogues, static files and tables up to date."""
        compile_catalogues(map(Path, settings.LOCALE_PATHS))
        collect_assets()
        try:
            executor = MigrationExecutor(connection)
            if executor.migration_plan(executor.loader.graph.leaf_nodes()):
                call_command("migrate", interactive=False, verbosity=0)
        except OperationalError as error:
            raise CommandError(
                _("The database of DATABASE_URL does not answer: %(error)s") % {"error": str(error).strip()}
            ) from error

    def _load_sample(self, supervisor: Supervisor) -> None:
        self.stdout.write(
            _("The database is empty: loading the sample committee, once. This takes a moment …")
        )
        if failed := load_sample(supervisor, log=_log("demo")):
            sentence = _(
                "The sample committee could not be loaded. To start with an empty database: make run DEMO=0"
            )
            raise CommandError(f"{sentence}\n{failed.last_words()}")

    def _serve(self, supervisor: Supervisor, host: str, port: int) -> None:
        """Start the parts, those first that somebody waits for; greet once the site answers; wait for the end."""
        supervisor.start(_web(host, port))
        if not os.environ.get("REDIS_URL"):
            self._start_valkey(supervisor)
        self._wait(supervisor, until=lambda: _answers(host, port), seconds=START_WITHIN)
        supervisor.start(*_queue())
        if not supervisor.asked_to_stop:
            self._greet(host, port)
        self._wait(supervisor)

    def _start_valkey(self, supervisor: Supervisor) -> None:
        server = find_server()
        if server is None:
            raise CommandError(
                _(
                    "There is no Redis here: install the package redis-server, or set REDIS_URL=redis://host:6379/0."
                )
            )
        path = socket_path(settings.VAR_DIR)
        path.unlink(missing_ok=True)
        supervisor.start(
            Part("valkey", server_command(server, var_dir=settings.VAR_DIR), _log("valkey"), last=True)
        )
        self._wait(supervisor, until=path.exists, seconds=START_WITHIN)

    def _wait(
        self,
        supervisor: Supervisor,
        *,
        until: Callable[[], bool] = lambda: False,
        seconds: float | None = None,
    ) -> None:
        """Wait as the supervisor does. Raises CommandError when a part ended or the time is up."""
        try:
            ended = supervisor.wait(until, seconds=seconds)
        except TimeoutError:
            raise CommandError(
                _("Nothing answered within %(seconds)d seconds; the logs are in %(folder)s.")
                % {"seconds": START_WITHIN, "folder": settings.VAR_DIR / "log"}
            ) from None
        if ended is not None:
            raise CommandError(
                _("“%(part)s” has ended, so everything else was stopped. The end of %(log)s:")
                % {"part": ended.name, "log": ended.log}
                + f"\n{ended.last_words()}"
            )

    def _greet(self, host: str, port: int) -> None:
        """Say where it is and who may sign in."""
        shown = "localhost" if host in {"127.0.0.1", "0.0.0.0", "::"} else host  # noqa: S104 (only compared)
        lines = [
            "",
            _("Bihuan is ready: %(address)s") % {"address": f"http://{shown}:{port}/"},
            *_account_lines(),
        ]
        self.stdout.write("\n".join([*lines, "", _("Ctrl-C stops it.")]))
        self.stdout.flush()


def _language_of_the_terminal() -> str:
    named = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "zh-hans" if named.startswith("zh") else "en"


def _log(name: str) -> Path:
    return settings.VAR_DIR / "log" / f"{name}.log"


def _web(host: str, port: int) -> Part:
    return Part(
        "web", [sys.executable, "-m", "gunicorn", *_gunicorn_options(host, port), "config.wsgi"], _log("web")
    )


def _queue() -> list[Part]:
    """One worker for the sweep, one for jobs, and the clock that rings for both."""
    celery = [
        sys.executable,
        "-m",
        "celery",
        "--quiet",
        "--workdir",
        str(settings.BASE_DIR),
        "--app",
        "config",
    ]
    worker = [
        *celery,
        "worker",
        "--loglevel",
        "WARNING",
        "--without-gossip",
        "--without-mingle",
        "--without-heartbeat",
    ]
    beat = ["beat", "--loglevel", "WARNING", "--pidfile", "", "--schedule", str(settings.VAR_DIR / "beat")]
    return [
        Part(
            "sweep",
            [*worker, "--queues", "sweep", "--hostname", "sweep@%h", "--concurrency", "1"],
            _log("sweep"),
        ),
        Part(
            "jobs", [*worker, "--queues", "jobs", "--hostname", "jobs@%h", "--concurrency", "2"], _log("jobs")
        ),
        Part("beat", [*celery, *beat], _log("beat")),
    ]


def _gunicorn_options(host: str, port: int) -> list[str]:
    options = {
        "chdir": str(settings.BASE_DIR),
        "bind": f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
        "worker-class": "gthread",
        "workers": os.environ.get("WEB_WORKERS", "2"),
        "threads": os.environ.get("WEB_THREADS", "4"),
        "timeout": "60",  # a writer may wait 20 s for SQLite's lock
        "graceful-timeout": "8",
        "log-level": "warning",
    }
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    return ["--preload", "--no-control-socket", *words]


def _answers(host: str, port: int) -> bool:
    """True when the site is ready, asked as somebody from outside would ask."""
    allowed = settings.ALLOWED_HOSTS[0] if settings.ALLOWED_HOSTS else "localhost"
    name = "localhost" if allowed == "*" else allowed.lstrip(".")
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 (only compared)
    site = http.client.HTTPConnection(reachable, port, timeout=10)
    try:
        site.request("GET", "/readyz", headers={"Host": name})
        # With HTTPS=true the site sends everybody to https://, and that is its answer.
        return site.getresponse().status in {200, 301}
    except OSError:
        return False
    finally:
        site.close()


def _account_lines() -> list[str]:
    """One account of the sample committee for each role, as the demo wrote them down."""
    path = settings.VAR_DIR / "accounts.json"
    if not path.exists():
        return []
    accounts = json.loads(path.read_text(encoding="utf-8"))
    return [_("Sign in as:"), *(f"  {a['role']}: {a['username']} / {a['password']}" for a in accounts)]
