"""What the API answers instead of a result."""

from __future__ import annotations


class ApiError(Exception):
    """One `Error` of the API: a code to be matched, and a message for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
