"""`farm ...`: one file a command group."""
