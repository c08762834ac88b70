"""Load a service for an hour, and see that nothing grows: ``make soak``.

- ``__main__``: the command line; the service, its load, and the files.
- ``sampling``: what is measured of the service every ten seconds.
- ``trends``: how fast a figure grows, with an interval.
- ``report``: what has to hold, a line for each.
- ``plot``: the samples as an SVG.
"""
