"""What changed between a good and a bad period of a log, and what undoing it would restore.

- ``playbook``: everything, in the order in which a person would ask.
- ``periods``: the two periods, as a caller names them.
- ``documents``: the documents of a period, as columns.
- ``cell_space``: the cells of documents that were counted over several references.
- ``watched_cells``: the cells of the documents of both periods.
- ``blocks``: documents by hour, which is what is resampled.
- ``chance``: whether chance could do it.
- ``drop``: whether there was a drop, and of what.
- ``our_side``: what the services ran, and what differs.
- ``replaying``: what of the drop is gone in a replay.
- ``undoing``: what undoing the changes on our side restores.
- ``moved_inputs``: which inputs moved.
- ``restoring``: how much of the drop is gone with inputs mixed as before.
- ``causes``: the inputs that hold the drop.
- ``onset``: when something began, and where a log divides.
- ``findings``: what there is to say, ranked.
- ``timeline``: the confidence over time, the alarms, and which bundle answered.
- ``champion_changes``: when another bundle or engine answered.
- ``shadows``: what challengers answered beside the champion in both periods.
- ``distributions``: how inputs that moved were distributed, as finely as the log tells.
- ``quantiles``: quantiles of what was counted in cells.
- ``mean_effects``: the mean effect of a word or column on answers, and whether it differs.
- ``words``: which words came and which went.
- ``phrases``: what is said of a diagnosis in every form.
- ``report``: a page that shows it.
"""
