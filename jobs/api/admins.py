"""Calls that anybody may read, and that change what concerns everybody."""

from rest_framework.permissions import SAFE_METHODS
from rest_framework.views import APIView


class AdminsChange(APIView):
    """Reading needs the scope `read`, everything else `admin`."""

    @property
    def scope(self) -> str:
        return "read" if self.request.method in SAFE_METHODS else "admin"
