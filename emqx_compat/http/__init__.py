"""What the four spokes share: routing on raw paths, the dialect, credentials, formats, OpenAPI, ports.

No wire shape of a generation lives here, only the machinery that a generation configures.
"""
