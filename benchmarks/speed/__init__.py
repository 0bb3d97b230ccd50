"""Speed side by side: ours and its peers, one process each, trial by trial in turn.

A *suite* (train, encode, scaling) is measured in *cells* (one tower size, one batch size). In a
cell every *arm* (ours, open_clip, sentence_transformers) is one process that is kept alive; the
parent lets them run one *task* (a step, a list of texts) at a time, A B C A B C, so that they never
run together and a busy moment of the machine hits all of them.
"""
