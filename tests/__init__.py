"""Tests mirror the source; ``journeys``, ``faults`` and ``browser`` run the whole service."""
