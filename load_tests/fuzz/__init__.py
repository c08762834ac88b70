"""Damages what is thrown at the service, by the thousand.

- ``states``: damaged states of fitted estimators.
"""
