"""Check what the parts of a bundle announce, before room is made for it.

A few bytes can ask for any amount of memory or time: a number of layers, a shape, a text that
stands for each space. Everything here is read from headers and JSON.

- ``check``: all checks of a bundle, in one stage.
- ``configuration``: the numbers of the network's configuration, against the weights.
- ``tokenizer``: the steps of the tokenizer, none of which may take more than linear time.
"""
