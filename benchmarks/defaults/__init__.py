"""Samplers, pruners and stopping rules compared on recorded learning curves, so that a search costs no training."""
