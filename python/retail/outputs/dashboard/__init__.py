"""The dashboard: look around in the finished tables, down to the order lines, and answer back."""
