"""Open a sealed bundle and run it.

- ``sealed_reference``: the reference, compared with schema and network.
- ``opening``: verify a bundle and load it from the bytes that were verified.
- ``preprocessing``: encode documents, in training and in serving.
- ``tokenizer``, ``truncation``: the token ids of a text, and what is kept of a long one.
- ``column_inputs``, ``sealed_columns``, ``compiled``: canonical columns as the fitted columns take
  them, the fitted columns, and the same compiled to numpy.
- ``estimator``: a name for the type of fitted scikit-learn estimators.
- ``network``, ``inference``: the network, and its probabilities for encodings.
- ``model_types``, ``layout``, ``finite_weights``: the kinds of model that a bundle may hold, and
  whether the configured network is the one whose weights there are and can compute with them.
- ``onnx_network``: the same for the graph of a faster engine.
- ``binding``: whether such a graph computes the network, and nothing else.
- ``silent_onnxruntime``: ONNX Runtime without its telemetry.
- ``fingerprint``: the fingerprint that ties weights to their preprocessing.
- ``rechecking``: compare a live preprocessing with what was sealed.
- ``immutable``: the base class of what is sealed.
- ``code_commit``: the git commit of the running code.
"""
