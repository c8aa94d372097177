"""People, PINs, stations, facilities, blocks and line data."""
