"""Callbacks for training libraries. Each module imports its library when it is imported itself, and never before.

from whirr.integrations.lightning import WhirrLogger
from whirr.integrations.transformers import WhirrCallback
from whirr.integrations.keras import WhirrCallback
"""
