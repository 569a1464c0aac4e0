"""Where the contents of artifacts are kept: a folder, or a bucket that speaks S3."""

from importlib.util import find_spec
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from whirr_site.settings import env

FOLDER = {"BACKEND": "runs.content_folder.ContentFolder"}


def storage() -> dict[str, Any]:
    """Django's entry for the storage "artifacts". Raises ImproperlyConfigured where a bucket cannot be meant.

    Keys never pass through here: the library reads them from where AWS's own tools do.
    """
    if env.choice("WHIRR_ARTIFACT_STORAGE", "folder", among=("folder", "s3")) == "folder":
        return FOLDER
    bucket = env.text("WHIRR_S3_BUCKET")
    if not bucket:
        raise ImproperlyConfigured("WHIRR_ARTIFACT_STORAGE=s3 needs WHIRR_S3_BUCKET, its name.")
    if find_spec("storages") is None or find_spec("boto3") is None:
        raise ImproperlyConfigured(
            "WHIRR_ARTIFACT_STORAGE=s3 needs two more packages: pip install 'whirr[s3]'."
        )
    endpoint = env.url("WHIRR_S3_ENDPOINT_URL", schemes=("https", "http"))
    return {
        "BACKEND": "runs.content_bucket.ContentBucket",
        "OPTIONS": {
            "bucket_name": bucket,
            "endpoint_url": endpoint or None,
            "region_name": env.text("WHIRR_S3_REGION") or None,
            "location": env.text("WHIRR_S3_PREFIX"),
            # Servers other than Amazon's know no bucket by its own host name.
            "addressing_style": "path" if endpoint else None,
            "default_acl": None,
            "file_overwrite": True,
        },
    }
