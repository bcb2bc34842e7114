"""The form of a file: which columns it has, and how its dates and numbers are written.

Landing writes each value as the models read it. What a value means without doubt (`9:02 AM`, a
two-digit year, a currency sign) is rewritten here, row by row, in SQL. What only all rows of a file
can tell (the decimal sign, serial numbers of a spreadsheet) is decided per file, with its evidence.
The order of day and month is decided later, with the neighbouring files (`retail.ingest.dates`).
"""
