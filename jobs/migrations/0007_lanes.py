"""Jobs from before requirements named user, project and kind: those that have not ended move to rows that do."""

import hashlib
import json

from django.db import migrations

NEEDS = ("gpus", "min_memory_mb", "gpu_model", "tags", "kind", "project", "user")


def move_to_lanes(apps, schema_editor):
    Job, Requirement = apps.get_model("jobs", "Job"), apps.get_model("jobs", "Requirement")
    unfinished = Job.objects.filter(status__in=["waiting", "queued", "running"], requirement__user="")
    kinds = unfinished.order_by().values_list("requirement", "user", "project").distinct()
    for old, user, project in list(kinds):
        row = Requirement.objects.get(pk=old)
        needs = {name: getattr(row, name) for name in NEEDS} | {"user": user, "project": project}
        digest = hashlib.sha256(json.dumps(needs, sort_keys=True).encode()).hexdigest()
        lane, _ = Requirement.objects.get_or_create(digest=digest, defaults=needs)
        unfinished.filter(requirement=old, user=user, project=project).update(requirement=lane)


class Migration(migrations.Migration):
    dependencies = [("jobs", "0006_lists")]
    operations = [migrations.RunPython(move_to_lanes, migrations.RunPython.noop)]
