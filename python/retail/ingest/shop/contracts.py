"""The data contracts of shop.yml, and their usual limits."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from retail.ingest.shop.section import Settings


class Contract(Settings):
    """From where on a data contract warns, and stops the build."""

    @model_validator(mode="before")
    @classmethod
    def _without_empty_keys(cls, given: object) -> object:
        """An empty level is off."""
        return given

    warn: Annotated[float, Field(ge=0)] | None = None
    error: Annotated[float, Field(ge=0)] | None = None


class Contracts(Settings):
    """The data contracts; what is not said otherwise is a share of the rows, or of the money."""

    missing_customer: Contract = Contract(warn=0.4)
    missing_description: Contract = Contract(warn=0.02)
    zero_price: Contract = Contract(warn=0.02)
    malformed: Contract = Contract(warn=0.0, error=0.05)
    adjustment_money: Contract = Contract(warn=0.02, error=0.33333)
    service_money: Contract = Contract(warn=0.25)
    duplicate_money: Contract = Contract(warn=0.1, error=0.33333)
    quantity_jump: Contract = Contract(warn=50)
    """Times the largest quantity that the product was sold in before."""
    price_jump: Contract = Contract(warn=50)
    """Times the highest price that the product was sold at before."""
    freshness_days: Contract = Contract()
    """Days between the newest order line and today."""

    @model_validator(mode="before")
    @classmethod
    def _over_the_usual(cls, given: object) -> object:
        """What a contract leaves out stays as usual; null switches a level off."""
        if not isinstance(given, dict):
            return given
        usual = {name: field.default.model_dump() for name, field in cls.model_fields.items()}
        return {
            name: usual.get(name, {}) | limits if isinstance(limits, dict) else limits
            for name, limits in given.items()
        }
