"""The line: a package from submission to the hands of an officer, its acknowledgements back, and the acts on what waits."""
