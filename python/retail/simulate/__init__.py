"""A simulated shop: order lines of the shape and mess of the public Online Retail file.

From a seed, at any size, with incidents planted on demand and written beside as ground truth.
"""

from retail.simulate.config import ShopConfig
from retail.simulate.incidents.choose import choose_incidents
from retail.simulate.incidents.spec import KINDS, Incident, parse_incident
from retail.simulate.simulation import simulate_shop, with_random_incidents
from retail.simulate.truth import GroundTruth, PlantedIncident

__all__ = [
    "KINDS",
    "GroundTruth",
    "Incident",
    "PlantedIncident",
    "ShopConfig",
    "choose_incidents",
    "parse_incident",
    "simulate_shop",
    "with_random_incidents",
]
