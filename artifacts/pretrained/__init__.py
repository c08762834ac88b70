"""Read what the transformers library wrote, so that nothing of it is lost or guessed.

Shared by ``train --base``, which takes the encoder, and ``seal``, which takes the classifier.

- ``location``: a directory, or a model of the Hub.
- ``directory``: which files a model's directory must hold, and what others are.
- ``configuration``: the configuration, and the kinds of model that cannot be served.
- ``tokenizer``: the tokenizer; its files and the library have to agree.
- ``tokenizer_files``: read a tokenizer's files, alone and by the library.
- ``readings``: whether two readings of a tokenizer's files give the same tokens.
- ``encoding``: refuse a tokenizer that cannot encode something.
- ``weights``: load weights that are complete, used and finite.
- ``other_heads``: weights of pretraining, which a classifier leaves out.
- ``answers``: run a network on token ids, and whether its answers depend on those before.
- ``encoder``: the encoder of a model, as the base of a network of ours.
"""
