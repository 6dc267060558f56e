"""What a file holds and how it comes to be: models, checkpoints, what a run leaves."""
