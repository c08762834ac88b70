"""Faster engines for a bundle: its network in fewer bits, with the proof that it may serve.

- ``exporting``: the network as an ONNX graph that the processor's engine runs well.
- ``smoothing``: activations made easier to round.
- ``quantising``: its matrix products in eight bits.
- ``running``: documents through such a graph.
- ``building``: all of that, or a network in bfloat16, and what it changes, before it is sealed.
- ``accelerating``: the same for a bundle that is sealed already.

Graphs need the extra ``onnx``; what only serves them needs ``onnxruntime`` of it alone.
"""
