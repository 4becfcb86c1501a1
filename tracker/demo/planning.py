"""From a text to an issued plan, by the clerk of the sample committee."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from branches.models import Post
from common.clock import local_date
from common.errors import Refused
from common.models import Job
from common.periods import Period
from common.workdays import Calendar
from tracker.clashes import clashes_in, keep_clashes
from tracker.demo.city import City
from tracker.demo.script import Ask, Script, asks_of
from tracker.fan_out import fan_out
from tracker.issuing import targets_of
from tracker.models import Action, Measure, Plan, Source
from tracker.plans import add_measure, create_plan
from tracker.sources import add_action, propose, receive_source, sentence_of, set_aside
from tracker.transitions import perform

Role, Decision = Post.Role, Action.Decision

_PRINCIPLE = "原则性、表态性要求，无法单独交办"
_GATHERED = "已并入同句事项一并落实"


def read_in(city: City, script: Script, *, at: datetime) -> Source:
    """The clerk enters the speech on the day it was held."""
    return receive_source(
        organization=city.top,
        title=script.title,
        category=Source.Category.SPEECH,
        issuer=script.issuer,
        number="",
        dated=script.held,
        text=script.text,
        actor=city.one(city.top, Role.CLERK, at=at),
        at=at,
    )


def draw_up(
    city: City, source: Source, script: Script, *, period: str, at: datetime
) -> tuple[Plan, dict[int, Ask]]:
    """A draft plan from a source, every action decided; the asks by measure id."""
    clerk = city.one(city.top, Role.CLERK, at=at)
    plan = create_plan(
        organization=city.top, title=script.plan, period=period, kind=Plan.Kind.LIST, actor=clerk, at=at
    )
    leaders = city.holders(city.top, Role.LEADER, at=at)
    asks: dict[int, Ask] = {}
    calendar = Calendar.load()
    chosen = _notes_with_actions(source, script, city, at=at) if script.asks else _by_proposals(source, plan)
    for ask, action in chosen:
        sentence = _sentence(source, action)
        fields: dict[str, Any] = {
            "requirement": sentence,
            "responsible_leader": leaders[len(asks) % len(leaders)],
        } | ask.fields
        if fields.get("due"):
            fields["due"] = calendar.roll_back(fields["due"])
        measure = add_measure(plan, actor=clerk, at=at, fields=fields, actions=[action])
        asks[measure.pk] = ask
    _set_rest_aside(source, script, city, at=at)
    return plan, asks


def small_plan(
    city: City, *, title: str, period: str, asks: Iterable[Ask], at: datetime, two_reviews: bool = False
) -> tuple[Plan, dict[int, Ask]]:
    """A draft plan without a source."""
    clerk = city.one(city.top, Role.CLERK, at=at)
    plan = create_plan(
        organization=city.top,
        title=title,
        period=period,
        kind=Plan.Kind.SPECIAL,
        actor=clerk,
        at=at,
        two_reviews=two_reviews,
    )
    leader = city.holders(city.top, Role.LEADER, at=at)[0]
    made = {}
    for ask in asks:
        fields = {"requirement": ask.fields["title"], "responsible_leader": leader} | ask.fields
        made[add_measure(plan, actor=clerk, at=at, fields=fields).pk] = ask
    return plan, made


def issue(city: City, plan: Plan, *, at: datetime) -> Plan:
    """Issue a plan and make its tasks on the spot; the job that the act asked for is thereby done."""
    secretary = city.holders(city.top, Role.SECRETARY, at=at)[0]
    clerk = city.one(city.top, Role.CLERK, at=at)
    targets = targets_of(plan, day=local_date(at), calendar=Calendar.load())
    if clashes := [clash.key for clash in clashes_in(targets) if not clash.kept]:
        keep_clashes(plan, clashes, reason="已与相关单位协调，时间错开、材料共用", actor=clerk, at=at)
    given = {"approved_by": secretary.pk, "load_consent": secretary.pk}
    issued = perform(plan, "issue", actor=clerk, at=at, given=given)
    made = fan_out(issued, at=at)
    measures = Measure.objects.filter(plan=issued).count()
    Job.objects.filter(kind="fan_out", payload__plan=plan.pk, state=Job.State.QUEUED).update(
        state=Job.State.DONE,
        done=measures,
        total=measures,
        started_at=at,
        finished_at=at,
        result={"made": made, "url": f"/plans/{plan.pk}/"},
    )
    return issued


def _notes_with_actions(
    source: Source, script: Script, city: City, *, at: datetime
) -> Iterable[tuple[Ask, Action]]:
    clerk = city.one(city.top, Role.CLERK, at=at)
    for ask in script.asks:
        yield ask, _action_at(source, ask.words) or add_action(source, words=ask.words, actor=clerk, at=at)


def _by_proposals(source: Source, plan: Plan) -> Iterable[tuple[Ask, Action]]:
    proposals = propose(source)
    if not proposals:
        raise Refused(f"{source.title}：没有读出可以交办的任务动作。")
    asks = asks_of(proposals, Period.parse(plan.period))
    chosen = {p.action.start: p.action for p in proposals}
    titles = {p.title: p.action.start for p in reversed(proposals)}
    return [(ask, chosen[titles[ask.fields["title"]]]) for ask in asks]


def _action_at(source: Source, words: str) -> Action | None:
    """The undecided action that holds the words, or most of them."""
    start = source.text.find(words)
    end = start + len(words)
    overlapping = source.actions.filter(start__lt=end, end__gt=start, decision=Decision.OPEN)
    found = max(overlapping, key=lambda a: min(a.end, end) - max(a.start, start), default=None)
    if found:
        found.source = source
    return found


def _sentence(source: Source, action: Action) -> str:
    start, end = sentence_of(source.text, action.start, action.end, action.passage)
    return source.text[start:end]


def _set_rest_aside(source: Source, script: Script, city: City, *, at: datetime) -> None:
    """Decide the rest in a few acts: what the notes name, what stands in the sentence of a measure, and exhortation."""
    clerk = city.one(city.top, Role.CLERK, at=at)
    for words, reason in script.asides.items():
        if action := _action_at(source, words):
            set_aside([action], reason=reason, actor=clerk, at=at)
    taken = [a.start for a in source.actions.filter(decision=Decision.TAKEN)]
    gathered: list[Action] = []
    rest: list[Action] = []
    for action in source.actions.filter(decision=Decision.OPEN, done=False):
        near = any(abs(action.start - start) < 90 for start in taken)
        (gathered if near else rest).append(action)
    for actions, reason in ((gathered, _GATHERED), (rest, _PRINCIPLE)):
        if actions:
            set_aside(actions, reason=reason, actor=clerk, at=at)
