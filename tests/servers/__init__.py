"""Real servers on loopback that play the outside world for the tests."""
