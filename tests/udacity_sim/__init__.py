"""A stand-in for Udacity's simulator: its car, its three cameras, its log and its side of the protocol, on roads of ours.

Made by us, so it proves nothing about Udacity's own binaries; sizes, units and the protocol follow their sources.
"""
