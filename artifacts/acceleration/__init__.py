"""Faster engines for a bundle: a network, exported and quantised, with the proof that it may serve.

- ``exporting``: the network as an ONNX graph that the processor's engine runs well.
- ``smoothing``: activations made easier to round.
- ``quantising``: its matrix products in eight bits.
- ``running``: documents through such a graph.
- ``building``: all of that, and what it changes, for a network that is about to be sealed.
- ``accelerating``: the same for a bundle that is sealed already.

Needs the extra ``onnx``; what only serves needs ``onnxruntime`` of it alone.
"""
