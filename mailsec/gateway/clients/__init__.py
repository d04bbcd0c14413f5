"""Ports over the wire: one file per outside service, handed its address and time-outs."""
