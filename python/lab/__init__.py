"""What measures the product. Not in the wheel."""
