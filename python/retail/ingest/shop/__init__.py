"""shop.yml: whose data these are, and how to read them."""

from retail.ingest.shop.reading import SHOP_FILE, SHOP_VARIABLE, read_shop, shop_path
from retail.ingest.shop.settings import Shop

__all__ = ["SHOP_FILE", "SHOP_VARIABLE", "Shop", "read_shop", "shop_path"]
