"""Keep ciphertext out of PostgreSQL's compression, which costs half the commits and gains nothing."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("quarantine", "0001_initial")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE quarantine_content ALTER COLUMN sealed SET STORAGE EXTERNAL",
            "ALTER TABLE quarantine_content ALTER COLUMN sealed SET STORAGE EXTENDED",
        )
    ]
