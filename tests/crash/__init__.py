"""`make crash`: the worker is killed at every event of a run and around every mutating call, and no promise breaks."""
