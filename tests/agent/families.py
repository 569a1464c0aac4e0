"""Ways in which the processes of a job get away from it. `{nap}` marks each process that has to end."""

FAMILIES = {
    "child": "sleep {nap} & wait",
    "own session": "setsid sleep {nap} & wait",
    "double fork": "(setsid sleep {nap} &) ; sleep {nap}",
    "no environment": "env -i setsid sleep {nap} & sleep 0.1; sleep {nap}",
    "no environment and no output": "(env -i setsid sleep {nap} >/dev/null 2>&1 &) ; sleep {nap}",
    "orphan of an orphan": "setsid sh -c 'setsid sh -c \"sleep {nap}; true\" & exit' & sleep {nap}",
    "deaf": "trap '' TERM INT HUP USR1; setsid sleep {nap} & while :; do sleep {nap}; done",
    "stopped": "sleep {nap} & (setsid sleep {nap} & kill -STOP $!) ; sleep {nap} & kill -STOP $!; wait",
    "spawner": "while :; do setsid sleep {nap} & sleep 0.01; done",
    "spawners of spawners": "for i in 1 2 3 4 5; do"
    " (while :; do (sleep {nap} &) ; sleep 0.02; done) & done; wait",
}
