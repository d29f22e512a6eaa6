-- One edge; none: that was the last.
FETCH 1 FROM edgemirror_verify
