"""A stand-in for Udacity's simulator: car, cameras, log and its side of the socket, on roads of our own.

It proves nothing about Udacity's own binaries. Sizes, units and protocol follow their sources.
"""
