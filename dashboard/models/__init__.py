from dashboard.models.selection import Selection
from dashboard.models.view import Page, SavedView, Visibility
from dashboard.models.visit import Visit

__all__ = ["Page", "SavedView", "Selection", "Visibility", "Visit"]
