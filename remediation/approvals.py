"""What a person has allowed in so many words; without one no disk is rolled back."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from remediation.models import Fact


class Approval(Fact):
    """One person's yes to one rollback: the disks it names, each with the snapshot it goes back to."""

    by: str = Field(min_length=1)
    at: datetime
    disks: dict[str, str] = Field(min_length=1, description="disk id → snapshot id")
