"""The report's networks: generator, discriminator, composite, and their weights as files.

Enters: image shapes and sizes. Leaves: Keras models.
Only `layers` imports tensorflow-addons; `kernels` makes convolutions fast and changes no result.
"""
