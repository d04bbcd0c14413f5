from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("reports", "0002_unwanted"),
    ]

    operations = [
        migrations.AddField(
            model_name="dailytally",
            name=name,
            field=models.PositiveIntegerField(db_default=0),
        )
        for name in ("held", "discarded", "zipped", "bcc")
    ]
