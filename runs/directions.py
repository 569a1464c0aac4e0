"""Whether less or more of a metric is better, as far as its name tells."""

import re
from typing import Literal

Direction = Literal["min", "max", ""]

# Whole words of a name: "ce" is a loss, "confidence" is none.
LESS = re.compile(
    "bce|bpb|bpc|ce|cer|cost|distance|divergence|eer|err|errs|errors|.*error|fid|kl|latency|.*loss|losses|mae|mape|mse"
    "|nll|perplexity|ppl|regret|rmse|rmsle|seconds|ter|time|wer"
)
MORE = re.compile(
    "ap|auc|auroc|bleu|dice|f1|iou|kappa|map|mcc|miou|ndcg|precision|psnr|r2|recall|return|reward|rouge|score"
    "|sensitivity|specificity|ssim|success|throughput|winrate|.*acc|.*accuracy"
)
WORD = re.compile(r"[A-Z]?[a-z]+[0-9]?|[A-Z]+(?![a-z])[0-9]?|[0-9]+")


def guessed(key: str) -> Direction:
    """ "min" for losses and errors, "max" for scores, "" where the name says nothing. The last telling word decides."""
    words = [word.lower() for word in WORD.findall(key)]
    for word in reversed(words):
        if LESS.fullmatch(word):
            return "min"
        if MORE.fullmatch(word):
            return "max"
    return ""
