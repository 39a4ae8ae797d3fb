"""Optuna's samplers and pruners, asked and told."""
