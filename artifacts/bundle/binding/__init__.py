"""Whether the graph of an engine computes the network of its bundle, and nothing else.

- ``weights``: the network's tensors, found by their values.
- ``float_graph``: the graph with products in float32 and weights as inputs.
- ``operations``: how many operators of each kind graph and network have.
- ``constants``: the numbers that a graph computes with.
- ``token_flow``: what a graph may do with token ids.
- ``length_flow``: what a graph may do with how long a document is.
- ``trial``: graph and network on documents that nobody knows before.
- ``checking``: all of that, and whether both give the same logits.

The argument is this. Every tensor of the graph is a tensor of the network, up to the rounding of
eight bits. Token ids choose rows of the word embedding and do nothing else. With the exact weights
in their place, graph and network agree on random vectors in the place of the word embedding; and
the graph has no more operators that compare, select, add up, cut out or bend than the network needs
for that, so none is left to act on a trigger. Neither does it add or scale more often, nor with
other numbers, which no trial would show beside states of another size. How long a document is says
how large tensors are, and counts positions; it becomes no number that is computed with. Where the
graph gives an embedding, it is that of the network in all trials, and the logits depend on the text
by nothing else.
"""
