"""The price poll's question: which slices stand at or past their band's edge right now?"""

from policies.policy import Policy
from portfolio.drift import EDGE_TOLERANCE, leaf_values, slice_drifts
from portfolio.snapshot import Snapshot


def breached(snapshot: Snapshot, policy: Policy) -> frozenset[str]:
    """Names of the slices at or past their edge; empty when the weights are not known.

    The cash slice has no band: too much or too little cash is the cash trigger's business.
    """
    values = leaf_values(snapshot, policy.target)
    if values is None:
        return frozenset()
    nodes = policy.target.slices
    widths = [policy.band_of(n.name).half_width(policy.target.weights[n.name]) for n in nodes]
    drifts = slice_drifts(values, policy.target, widths)
    return frozenset(
        d.name
        for node, d in zip(nodes, drifts, strict=True)
        if not node.is_cash and abs(float(d.drift)) >= float(d.half_width) - EDGE_TOLERANCE
    )
