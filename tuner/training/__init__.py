"""One configuration trained on one device: pipeline, epochs, checkpoints. Imported by worker processes only."""
