"""A simulated shop: order lines of the shape and mess of the public Online Retail file.

From a seed, at any size, with incidents planted on demand and written beside as ground truth.
"""

from simulate.config import ShopConfig
from simulate.errors import SimulateError
from simulate.incidents.choose import choose_incidents
from simulate.incidents.spec import KINDS, Incident, parse_incident
from simulate.plant import frame_market, plant
from simulate.simulation import simulate_shop, with_random_incidents
from simulate.truth import GroundTruth, PlantedIncident

__all__ = [
    "KINDS",
    "GroundTruth",
    "Incident",
    "PlantedIncident",
    "ShopConfig",
    "SimulateError",
    "choose_incidents",
    "frame_market",
    "parse_incident",
    "plant",
    "simulate_shop",
    "with_random_incidents",
]
