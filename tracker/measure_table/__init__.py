"""The measures of a plan as a table that goes out to a spreadsheet and comes back (重点任务清单).

``layout`` says which columns there are, ``writing`` makes the workbook, ``reading`` takes a workbook or pasted rows in,
``checking`` finds out what they would change, ``importing`` does it. Files are read by ``branches.roster``.
"""
