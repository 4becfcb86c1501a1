from common.models.audit import AuditEntry
from common.models.idempotency import IdempotencyKey
from common.models.job import Job
from common.models.lease import Lease
from common.models.saved_filter import SavedFilter
from common.models.workday import Workday

__all__ = ["AuditEntry", "IdempotencyKey", "Job", "Lease", "SavedFilter", "Workday"]
