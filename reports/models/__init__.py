from reports.models.half_year_report import HalfYearReport

__all__ = ["HalfYearReport"]
