"""Histories of every outcome so far, as the released code wrote them: they must replay on the current code (P12)."""
