"""Kinds of model that a bundle may hold.

The library has several hundred kinds. Many load other models when they are built, look for kernels
on the Hub, or take images and sound; a bundle names one of those that classify text by themselves.
"""

from __future__ import annotations

__all__ = ["TEXT_MODELS"]

TEXT_MODELS = frozenset(
    {
        "albert", "arcee", "axk1", "axk2", "bert", "bert-generation", "big_bird", "biogpt", "bloom",
        "camembert", "canine", "cohere_compass_text", "convbert", "ctrl", "data2vec-text",
        "deberta", "deberta-v2", "deepseek_v2", "deepseek_v3", "diffllama", "distilbert", "doge",
        "electra", "ernie", "esm", "esmc", "eurobert", "exaone4", "falcon", "flaubert", "fnet",
        "funnel", "gemma", "gemma2", "gemma3_text", "glm", "glm4", "gpt-sw3", "gpt2",
        "gpt_bigcode", "gpt_neo", "gpt_neox", "gpt_oss", "gptj", "gte", "helium",
        "hunyuan_v1_dense", "hunyuan_v1_moe", "ibert", "jamba", "jetmoe", "jina_embeddings_v3",
        "layoutlm", "lilt", "llama", "longformer", "luke", "markuplm", "megatron-bert", "minicpm3",
        "minimax", "ministral", "ministral3", "mistral", "mistral4", "mixtral", "mobilebert",
        "modernbert", "modernbert-decoder", "mpnet", "mpt", "nemotron", "neomme", "nomic_bert",
        "nystromformer", "olmo", "olmo2", "olmo3", "openai-gpt", "opt", "persimmon", "phi", "phi3",
        "phimoe", "qwen2", "qwen2_moe", "qwen3", "qwen3_5_text", "qwen3_moe", "qwen3_next",
        "reformer", "rembert", "roberta", "roberta-prelayernorm", "roc_bert", "roformer",
        "seed_oss", "smollm3", "squeezebert", "stablelm", "starcoder2", "tapas", "ultrabert", "xlm",
        "xlm-roberta", "xlm-roberta-xl", "xlnet", "xmod", "zamba", "zamba2",
    }
)  # fmt: skip
"""The library's sequence classifiers of text, and its encoders of text that have no such head.

Not among them are those with a decoder beside the encoder, those that take images too, those of
which a part is any other model (``vision_config``, ``decoder``), and ``mra`` and ``yoso``, which
download kernels where there is a GPU.
"""
