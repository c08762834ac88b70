"""The web face of the request path: routes, schemas, limits, keys, and the one error table."""
