"""The tests mirror the source; ``servers`` plays the outside world."""
