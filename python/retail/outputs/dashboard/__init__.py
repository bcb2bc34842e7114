"""The dashboard: explore the finished tables, down to the order lines, and give feedback."""
