"""From wherever raw order lines are to the views raw.order_lines and raw.files that dbt reads.

The way of a file: ``sources`` finds it, ``parquet_cache`` lands it once (by one of ``writers``) in
the ``cache``, only its end where it has grown (``append_detection``), or reads it in place
(``in_place``), ``views`` shows it, and ``plugin`` does all that when dbt connects. ``download``
fetches the public data set.
"""

from retail.ingest.cache import RawFile
from retail.ingest.errors import IngestError
from retail.ingest.parquet_cache import LANDED_FOLDER, Landing, land
from retail.ingest.sources import Sources, resolve
from retail.ingest.views import create_views

__all__ = [
    "LANDED_FOLDER",
    "IngestError",
    "Landing",
    "RawFile",
    "Sources",
    "create_views",
    "land",
    "resolve",
]
