"""Build faster engines for a bundle: its network in fewer bits, compared with the original.

- ``exporting``: write the network as an ONNX graph that runs well on a CPU.
- ``smoothing``: make its activations easier to round.
- ``quantising``: compute its matrix products in eight bits.
- ``deriving``: make the graph of a sealed engine again, to compare both.
- ``building``: build an engine, of such a graph or in bfloat16, and measure what it changes.

Building a graph needs the extra ``onnx``; serving one needs all of it but ``onnxscript``.
"""
