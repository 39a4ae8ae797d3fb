"""The program: plans, studies, workers, the search, the finish and the command line."""
