"""Incidents: what they are, what they do to a day's rows, and where they are best planted."""
