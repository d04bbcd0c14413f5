"""Hostile mail by the hundred thousand: mutated messages through look, decide and change."""
