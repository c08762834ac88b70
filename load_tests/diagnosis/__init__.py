"""Diagnosis measured: ten causes are put into a running service, and its logs are diagnosed.

``python -m load_tests.diagnosis`` prints for each cause which finding comes first, what undoing it
restores of the drop, and what the largest other one does. With ``--pairs`` it puts fifteen pairs of
causes in, and prints whether both are among the first three findings. Requests, app, runtime, log
and diagnosis are the product's own, in this process.

Two things are not as in production. A diagnosis compares hours, and a period of two days is
answered in seconds: the moments in the log are replaced afterwards by those of the hours that the
documents belong to, and the windows are left out (see ``serving``). And the documents are invented:
two replicas answer about twenty an hour, each hour has a mix of classes of its own, and a champion
that is trained for it reads most from the columns.

It takes two minutes, and three for the pairs. A commit here while it runs is a change on our side,
and is found as one.

- ``documents``: documents, their hours, and the table to train on
- ``bundles``: the champion, and a bundle that is less confident
- ``causes``: what is wrong in each bad period, and what should be found
- ``serving``: the service that answers, and its log
- ``measuring``: from a cause to its diagnosis; the good period is answered once
- ``table``: what is printed
- ``pairs``: the same for pairs of causes
- ``wide_log``: a log of many inputs that all moved, for what a report of it costs
"""
