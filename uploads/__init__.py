"""Photos: verify, clean, thumbnail, store. This package knows nothing of visits and imports nothing of ours.

``picture`` makes a clean picture out of what a phone sent, with the help of ``jpeg``, ``heic`` and ``exif``;
``fingerprint`` tells whether two pictures show the same. ``store`` has the words of a photo store, of which
there are two: ``folder`` and ``s3``.
"""
