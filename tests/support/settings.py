"""whirr's own settings, as they come out in the environment that the suite makes."""

import atexit

from tests.support import environment

environment.prepare()
atexit.register(environment.clear_away)

with environment.as_whirr_reads_it():
    from whirr_site.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # the real one takes 0.3 s
# Each test's client loads the middleware anew; looking for one file when it is asked for spares listing all of them.
WHITENOISE_AUTOREFRESH = True
