"""The observe step: what is recorded of every answered document.

- ``recorder``: the step itself, and the outcomes of challengers.
- ``windows``: the counts of inputs and answers since the last flush, and their scores.
- ``champion_counts``: what is counted of the champion's documents in one window.
- ``challenger_windows``: the same of challengers, beside the champion on the same documents.
- ``recent_windows``: scores of small windows, merged with those before.
- ``estimates``: how well variants did in a window, without labels.
- ``answer_buffer``: answers, counted in batches for estimates of performance.
- ``variant_alarms``: the alarms on the features of one variant.
- ``champion_harm``: whether the champion errs more often than in training.
- ``labelled_documents``: documents whose true label came, and what that says.
- ``label_looks``: labels of one source, looked at together for concept drift.
- ``label_alarms``: the alarms of concept drift, raised and cleared.
- ``realised``: what the latest labels say, beside the estimate for the same documents.
- ``drift_alarms``: the alarms of a replica, raised, judged for harm, cleared.
- ``alarm_words``: what an alarm says.
- ``alerts``: tells of alarms in log, metrics, webhook and status.
- ``withheld``: counts of private columns, kept back until they are of enough documents.
- ``input_counts``: how often inputs were unknown, missing, coerced, out of range or extra.
- ``log_line``: the event of a document.
- ``feedback``: true labels joined with recent answers.
- ``live_evidence``: outcomes of a challenger as evidence without labels.
- ``live_labels``: true labels of this run, with the answers that they judge.
- ``judgement``: the verdict on a challenger at one moment, with its figures.
- ``run_evidence``: all that was counted in this run, of every challenger.
- ``verdicts``: judges the challengers when asked.
"""
