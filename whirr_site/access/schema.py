"""How the OpenAPI document names our authentication; found by drf-spectacular once it is imported."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension


class PrincipalScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "whirr_site.access.api.PrincipalAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "The start-up secret, or a job's run token. A browser's session serves too.",
        }
