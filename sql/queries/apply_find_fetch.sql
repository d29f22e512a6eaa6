-- A portion; fewer than that is the last one. The number is that of apply_steps.c.
FETCH 1000 FROM edgemirror_missing
