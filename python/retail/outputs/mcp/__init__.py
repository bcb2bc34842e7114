"""Findings for agents: a server of the Model Context Protocol with a few read-only tools."""
