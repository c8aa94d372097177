"""The stepped media engine: RTP, codecs, digits, prompts, bridges, recordings."""
