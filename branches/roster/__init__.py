"""The roster (名册): organisations, people and posts as a workbook, out of the system and into it.

``layout`` says which columns there are; ``reading`` turns a file into rows, ``checking`` rows into changes and faults,
``importing`` writes the changes, ``exporting`` and ``writing`` make workbooks.
"""
