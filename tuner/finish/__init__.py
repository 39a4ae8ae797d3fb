"""From a search to a result: the winner retrained, the test set opened once, the report written."""
