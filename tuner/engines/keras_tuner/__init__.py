"""KerasTuner's oracles over a study of ours."""
