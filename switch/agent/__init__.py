"""The user agent: matches datagrams to transactions and dialogs and runs their timers."""
