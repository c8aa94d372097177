"""`python -m rating +12125550123 --talk 95s`: price a call and explain it."""

from __future__ import annotations

from rating.cli import main

if __name__ == "__main__":
    main()
