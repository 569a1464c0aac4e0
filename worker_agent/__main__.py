"""`python -m worker_agent`."""

from __future__ import annotations

import sys

from worker_agent.main import main

sys.exit(main())
