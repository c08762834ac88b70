"""What a bundle is on disk.

- ``layout``: the names of its parts.
- ``format``: the version of its layout, and how to raise it.
- ``manifest``: the record of its parts, and the root fingerprint.
- ``directory``: what lies in its directory, and plain files, read without waiting.
- ``sealed_files``: its files, read once and compared with the manifest.
- ``json_parts``, ``arrays``: parts of JSON and of numbers, read within bounds.
- ``tensors``: the header of the weights.
- ``probes``: golden documents with their expected outputs.
- ``engines``: the faster engines that it may carry, and their parity reports.
- ``signature``: Ed25519 signatures, made and checked offline.
- ``identity``: its name, version and fingerprint.
"""
