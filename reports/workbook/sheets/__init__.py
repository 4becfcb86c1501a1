"""The sheets of the half-year workbook, in their order."""

from __future__ import annotations

from reports.facts import Facts
from reports.workbook.build import Export
from reports.workbook.sheet import Layout, Table
from reports.workbook.sheets import (
    definitions,
    ledger,
    measures,
    overdue,
    overview,
    rectification,
    scores,
    units,
)


def sheets_of(facts: Facts, export: Export) -> list[Table | Layout]:
    """总览 · 按单位 · 按事项 · 任务明细 · 逾期 · 整改 · 考核得分 · 说明."""
    return [
        overview.sheet(facts),
        units.sheet(facts),
        measures.sheet(facts),
        ledger.sheet(facts),
        overdue.sheet(facts),
        rectification.sheet(facts),
        scores.sheet(facts),
        definitions.sheet(facts, export),
    ]
