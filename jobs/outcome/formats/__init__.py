"""The table of what can be read on a console: one row a kind of report, one file a family. Starts at `table.py`."""
