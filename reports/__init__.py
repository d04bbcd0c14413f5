"""Figures over messages: daily tallies (tenant schema); reads only."""
