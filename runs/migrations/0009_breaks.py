"""Where the steps of a series went back; of series that are there, it is looked up in their points."""

import numpy as np
from django.db import migrations, models

MOST = 64


def look(apps, schema_editor):
    every = apps.get_model("runs", "Series").objects
    stored = apps.get_model("runs", "Chunk").objects
    for series in every.filter(is_ordered=False).only("pk").iterator(chunk_size=500):
        every.filter(pk=series.pk).update(breaks=_breaks(stored.filter(series=series)))


def _breaks(chunks):
    """Three numbers of each: index of the first point behind it, the step before it, the step behind it."""
    told, last = [], None
    columns = chunks.order_by("start").values_list("start", "steps")
    for start, packed in columns.iterator(chunk_size=50):
        steps = np.frombuffer(packed, dtype="<i8")
        if last is not None:
            start, steps = start - 1, np.append(last, steps)
        back = np.flatnonzero(steps[1:] < steps[:-1])
        if len(told) + len(back) > MOST:
            return None
        told += np.column_stack([back + 1 + start, steps[back], steps[back + 1]]).tolist()
        last = steps[-1]
    return np.asarray(told, dtype="<i8").tobytes()


class Migration(migrations.Migration):
    dependencies = [("runs", "0008_merging")]
    operations = [
        migrations.AddField(
            model_name="series",
            name="breaks",
            field=models.BinaryField(default=b"", null=True),
        ),
        migrations.RunPython(look, migrations.RunPython.noop),
    ]
