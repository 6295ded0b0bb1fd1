"""Training: batches in, a run directory out.

`state`, `report_step` and `loop` are the report's system. `joint_step` is ours.
Enters: images and a configuration. Leaves: checkpoints, weights, samples and logs.
"""
