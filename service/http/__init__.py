"""The web interface of the request path.

- ``routes``: the handlers, one a route.
- ``routing``: which handler a request goes to.
- ``connections``: time limits of connections, and which are cut.
- ``messages``: heads, bodies and waiting requests of a connection, within limits of size.
- ``disconnecting``: cancels the work of clients that have left.
- ``access``: keys with scopes.
- ``encodings``: what a body is on the wire, plain or gzip.
- ``bodies``: reading a request's body within its limits.
- ``schemas``: from parsed JSON to validated documents and labels.
- ``errors``: the one table from errors to HTTP.
- ``responses``: JSON that is safe to show on a terminal.
- ``openapi``: the OpenAPI document of the running bundle.
"""
