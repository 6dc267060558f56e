"""Probes are silent, and the process's warnings are not silenced by two threads."""

import threading
import warnings

from jaxdnn.verification.derivatives.quiet import quiet


def test_two_threads_leave_the_filters_as_they_were():
    before = list(warnings.filters)
    inside, leave = threading.Event(), threading.Event()

    def first():
        with quiet():
            inside.set()
            leave.wait(10)

    def second():
        with quiet():
            warnings.warn("unseen", stacklevel=1)

    threads = [threading.Thread(target=each) for each in (first, second)]
    threads[0].start()
    assert inside.wait(10)
    threads[1].start()  # it waits: else it would put back the first one's filters
    leave.set()
    for thread in threads:
        thread.join()
    assert warnings.filters == before
