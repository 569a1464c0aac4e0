"""Whether less or more of a metric is better, as far as its name tells."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

Direction = Literal["min", "max", ""]

LESS = re.compile(
    "bpb|bpc|cer|cost|divergence|eer|err|error|fid|kl|latency|mae|mape|mse|nll|perplexity|ppl|regret|rmse|rmsle|ter|wer"
    "|.*loss"
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


@dataclass(frozen=True, slots=True)
class Directions:
    """The guesses, and what somebody decided otherwise: `?down=` and `?up=` in the URL, `?flat=` for neither."""

    decided: Mapping[str, Direction] = field(default_factory=dict)

    @classmethod
    def of(cls, *, down: Iterable[str], up: Iterable[str], flat: Iterable[str]) -> "Directions":
        """From three lists of metrics; the later list wins."""
        decided: dict[str, Direction] = dict.fromkeys(down, "min")
        decided |= dict.fromkeys(up, "max")
        decided |= dict.fromkeys(flat, "")
        return cls(decided)

    def of_key(self, key: str) -> Direction:
        return self.decided[key] if key in self.decided else guessed(key)
