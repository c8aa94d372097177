"""The main job on 127.0.0.1, in real time."""
