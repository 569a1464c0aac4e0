"""Which way a metric gets better, as far as its name tells."""

import re

# Words of a metric's name after which less is better; everything else counts as better when it is more.
LESS = {
    *(
        "loss",
        "err",
        "error",
        "errors",
        "mse",
        "mae",
        "rmse",
        "nll",
        "bce",
        "ce",
        "perplexity",
        "ppl",
        "bpc",
    ),
    *(
        "wer",
        "cer",
        "fid",
        "kl",
        "divergence",
        "distance",
        "regret",
        "cost",
        "latency",
        "seconds",
        "time",
    ),
}
WORD = re.compile(r"[a-z]+")
LOSSES = re.compile(r"loss|error|perplexity")


def less_is_better(key: str) -> bool:
    """Whether the best value of the metric is its smallest one: `val/loss`, `top1_err`."""
    name = key.rsplit("/", 1)[-1].lower()
    return bool(LOSSES.search(name)) or bool(LESS & set(WORD.findall(name)))
