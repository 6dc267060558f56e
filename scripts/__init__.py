"""Programs that measure, reproduce and judge: python -m scripts.FOLDER.NAME."""
