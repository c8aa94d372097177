"""The process: configuration, wiring, command line, logs, metrics."""
