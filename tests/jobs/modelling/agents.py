"""Agents as the queue meets them: they remember, forget, repeat themselves and come late."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from jobs.syncing import Orders, Report
from tests.jobs.modelling.model import Pair
from tests.jobs.modelling.nodes import Node

LEASE = 60


@dataclass
class Agent:
    """What one agent believes."""

    node: Node
    held: dict[Pair, tuple[int, ...]] = field(default_factory=dict)  # with their GPUs
    cancelling: set[Pair] = field(default_factory=set)
    told: dict[Pair, tuple[str, int | None]] = field(default_factory=dict)  # reports on the way
    claim_id: str = ""
    claims: int = 0
    late: list[Report] = field(default_factory=list)  # requests that are still on the way

    @property
    def session(self) -> str:
        return f"s-{self.node.name}"

    def report(self, *, accepting: bool) -> Report:
        if not self.claim_id:
            self.claims += 1
            self.claim_id = f"{self.node.name}-{self.claims}"
        busy = {index for gpus in self.held.values() for index in gpus}
        in_slots = sum(not gpus for gpus in self.held.values())
        return Report(
            session=self.session,
            claim_id=self.claim_id,
            free_gpus=sorted(set(self.node.gpus) - busy),
            free_slots=0 if self.node.gpus else max(0, self.node.slots - in_slots),
            accepting=accepting,
            running=sorted(self.held),
            cancelling=sorted(self.cancelling & set(self.held)),
            lease_seconds=LEASE,
        )

    def hears(self, orders: Orders) -> None:
        """An answer arrived."""
        self.claim_id = ""
        for order in orders.jobs:
            pair = (order.job.pk, order.attempt.number)
            self.held[pair] = tuple(order.attempt.gpus)
        self.drop(set(orders.lost))
        self.cancelling |= set(orders.cancel)

    def drop(self, pairs: AbstractSet[Pair]) -> None:
        for pair in pairs:
            self.held.pop(pair, None)
            self.told.pop(pair, None)
        self.cancelling -= pairs

    def forgets(self) -> None:
        """It was restarted, and its disk is gone."""
        self.held, self.told, self.claim_id = {}, {}, ""
        self.cancelling = set()
