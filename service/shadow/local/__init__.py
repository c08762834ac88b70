"""A challenger in a process of its own on this machine.

On the side of the service:

- ``challenger``: the ``Challenger`` itself, with its queue.
- ``supervisor``: starts the process, and starts it again when it ends.
- ``session``: the documents that the process is answering.
- ``fork_server``: starts processes by forking one that has imported the libraries.
- ``child_process``: the process and its two pipes.
- ``processor_use``: whether the process starves or hangs.

In the process:

- ``forking``: imports the libraries, and is forked for every start.
- ``main``: verifies the bundle, loads it, and lowers the priority.
- ``worker``: answers documents, one per lane.
- ``priority``: how the process is kept from slowing down the champion.

On both sides:

- ``handshake``: what is exchanged before the first document.
- ``codec``: documents and answers as messages.
- ``wire``: messages as bytes; a short JSON and arrays, never pickle.
"""
