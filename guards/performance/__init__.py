"""How well a model does on documents whose true labels nobody knows, and on those with labels.

Confidence-based performance estimation (NannyML's CBPE) from counts: how often answers of a
predicted label and a confidence were right on held-out documents, applied to the documents of a
window. It holds while the calibration does, that is under changes of the inputs and not of what
the labels mean.

- ``answer_counts``: accumulator of a window's answers.
- ``histograms``: bins of probabilities, and their JSON.
- ``sealed``: what the held-out documents say, sealed with the model.
- ``curve``: shares of right answers by confidence, and how uncertain sums over them are.
- ``confusion``: the expected confusion matrix.
- ``ranking``: the expected area under the ROC curve.
- ``window``: a window's counts under the sealed calibration.
- ``figures``: accuracy, precision, recall, F1, AUC and cost with intervals.
- ``estimate``: all figures of a window, and why some are not there.
- ``cost``: what answers cost, read from a table.
- ``unseen``: documents of a kind that the reference hardly holds.
- ``realised``: accuracy on labelled documents.
"""
