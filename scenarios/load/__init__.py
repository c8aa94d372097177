"""`payphone load`: an open-loop load of calls against any SIP target, measured and judged."""
