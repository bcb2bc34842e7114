"""A section of shop.yml."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, model_validator


class Settings(BaseModel):
    """A mapping of shop.yml: a key that it has not is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    @model_validator(mode="before")
    @classmethod
    def _without_empty_keys(cls, given: object) -> object:
        """A key with nothing behind it says nothing."""
        if not isinstance(given, dict):
            return given
        known = {field.alias or name for name, field in cls.model_fields.items()}
        return {k: value for k, value in given.items() if value is not None or k not in known}
