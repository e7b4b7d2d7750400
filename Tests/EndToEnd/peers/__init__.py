"""The other ends of Latchkey's sockets: real servers, real clients, and servers that misbehave on purpose."""
