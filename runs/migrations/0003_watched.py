from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("runs", "0002_schedule")]
    operations = [
        migrations.AddField(
            model_name="run",
            name="watched_until",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
    ]
