"""The finished pages as a reader meets them: served on this machine, looked at in a browser, printed."""
