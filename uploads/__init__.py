"""Photos: verify, clean, make thumbnails, store. This package imports no other code of the project.

``picture`` turns what a phone sent into a clean picture, with the help of ``jpeg``, ``heic`` and ``exif``.
``fingerprint`` recognizes pictures that show the same. ``slots`` limits how many pictures are decoded at the
same time. ``store`` defines what a photo store does; ``folder`` and ``s3`` implement it.
"""
