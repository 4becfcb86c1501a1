from tracker.models.clash import KeptClash
from tracker.models.comment import Comment
from tracker.models.event import Event
from tracker.models.evidence import Evidence, StoredFile
from tracker.models.extension import Extension
from tracker.models.finding import Finding
from tracker.models.inspection import Inspection, Visit
from tracker.models.loop import LoopStep
from tracker.models.measure import Measure
from tracker.models.plan import Plan
from tracker.models.pledge import Pledge
from tracker.models.reminder import Notice, Reminder
from tracker.models.source import Action, Passage, Source
from tracker.models.tally import Tally
from tracker.models.target import Base, Counting
from tracker.models.task import Task

__all__ = [
    "Action",
    "Base",
    "Comment",
    "Counting",
    "Event",
    "Evidence",
    "Extension",
    "Finding",
    "Inspection",
    "KeptClash",
    "LoopStep",
    "Measure",
    "Notice",
    "Passage",
    "Plan",
    "Pledge",
    "Reminder",
    "Source",
    "StoredFile",
    "Tally",
    "Task",
    "Visit",
]
