"""scikit-learn's searches over a study of ours."""
