"""Ways to damage a bundle; each takes a random generator and says in words what it did.

- ``raw_bytes``: bytes, whatever they mean
- ``documents``: JSON, by its structure and as it is written
- ``arrays``: the headers and values of ``.npy``, ``.npz`` and safetensors
- ``graphs``: ONNX, field by field
- ``pickles``: instructions of a pickle, and calls planted into it
- ``attributes``: fitted state of any estimator
- ``directories``: what is no file, or no part
- ``planted``: what is small in a file and costs much, or runs, when it is read
- ``hostile``: values that all of them draw from
"""
