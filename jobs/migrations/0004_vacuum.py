"""PostgreSQL: claims leave dead entries at the head of the queue's index, so vacuum comes sooner than by default."""

from django.db import migrations

SOONER = (
    "ALTER TABLE jobs_job SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 2000,"
    " autovacuum_vacuum_cost_delay = 0, fillfactor = 80)"
)
DEFAULT = (
    "ALTER TABLE jobs_job RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold,"
    " autovacuum_vacuum_cost_delay, fillfactor)"
)


def on_postgres(statement):
    def run(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(statement)

    return run


class Migration(migrations.Migration):
    dependencies = [("jobs", "0003_scheduling")]
    operations = [migrations.RunPython(on_postgres(SOONER), on_postgres(DEFAULT))]
