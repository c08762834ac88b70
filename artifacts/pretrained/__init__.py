"""Read what a pretrained model brings, for training on it and for sealing it.

- ``location``: a directory, or a model of the Hub.
- ``tokenizer``: read the tokenizer; its files and the library have to agree.
- ``encoding``: refuse a tokenizer that cannot encode something.
"""
