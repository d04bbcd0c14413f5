"""The statistical spam classifier."""
