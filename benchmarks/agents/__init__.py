"""The agent, weighed: contestants.py starts agents, ours and whirr 0.5.3's; the others measure them."""
