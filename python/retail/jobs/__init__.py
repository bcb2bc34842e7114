"""Jobs: the daily run, its schedule, detection, and the tables on Spark."""
