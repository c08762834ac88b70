"""The life of the service.

- ``preflight``: the guard before the port opens.
- ``memory``: how much memory there is, and what loading bundles is reckoned to take.
- ``roles``: the judgement of champion and challengers, and how a worker gets it.
- ``judging``: judging bundles in a process of its own.
- ``judging_child``: that process.
- ``supervisor``: how a worker asks the supervising process to stop.
- ``runtime``: the life of one worker: start, serve, drain.
- ``state``: the states of that life.
- ``startup``: from settings to a champion that answers.
- ``assembly``: the champion with its engine, scheduler and recorder.
- ``challengers``: the challengers that the settings name.
- ``periodic``: flushing windows and re-checking the preprocessing.
- ``draining``: finishing what was accepted, and the final account.
- ``signals``: stop signals that drain first.
- ``listening``: refusing connections between the drain and the end.
"""
