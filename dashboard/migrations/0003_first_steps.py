from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("dashboard", "0002_selections_in_use")]

    operations = [
        migrations.AddField(
            model_name="visit",
            name="steps_closed",
            field=models.BooleanField(default=False),
        ),
    ]
