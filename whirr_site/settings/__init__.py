"""The settings: `WHIRR_MODE` chooses between the two files that say how the parts are connected."""

from whirr_site.settings import env

if env.choice("WHIRR_MODE", "embedded", among=("embedded", "server")) == "embedded":
    from whirr_site.settings.embedded import *  # noqa: F403
else:
    from whirr_site.settings.server import *  # noqa: F403
