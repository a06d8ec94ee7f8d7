"""A story played for somebody who wants to see: what each step called, signed, emitted and changed, and who had what.

`timeline.Recorder` plays a story (`connext.checking`) and takes down every step as plain values, in words and human
units; `report` makes a page of them, `history` finds the story of a channel on a live chain.
"""
