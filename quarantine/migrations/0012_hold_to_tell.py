from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("quarantine", "0011_hold_queue"),
    ]

    operations = [
        migrations.AddField(
            model_name="hold",
            name="to_tell",
            field=models.JSONField(null=True),
        ),
        migrations.AddIndex(
            model_name="hold",
            index=models.Index(
                condition=models.Q(("to_tell__isnull", False)),
                fields=["held_at"],
                name="hold_part_to_tell",
            ),
        ),
    ]
