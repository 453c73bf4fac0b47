"""The two kinds of model in this room: facts that travel, and what people write."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Fact(BaseModel):
    """A value that travels between starter, workflows and activities, or that the cloud sent.

    Unknown fields are ignored, so that a newer sender does not stop an older reader.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")


class Written(BaseModel):
    """A value that a person wrote: an unknown key is a mistake, and is named."""

    model_config = ConfigDict(frozen=True, extra="forbid")
