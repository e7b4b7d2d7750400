"""Servers and clients that the tests connect to Latchkey, and servers that fail on purpose."""
