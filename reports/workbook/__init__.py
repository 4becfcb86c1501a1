"""The half-year workbook: sheets are functions from facts to rows, one builder owns style and safety."""

from reports.workbook.build import Export, write_workbook

__all__ = ["Export", "write_workbook"]
