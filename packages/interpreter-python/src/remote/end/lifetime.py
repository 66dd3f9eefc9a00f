TERMINATING = 'the gateway is being terminated'


class Lifetime(object):
    """How a remote end comes to its end: asked to, or because the connection is lost."""

    def end(self, grace, lost=False):
        """Everything that runs is to end: within `grace` seconds, then it is ended."""
        if lost:
            self.lost = True
        if self.ending:
            if lost:
                self.deadline = min(self.deadline, clock() + grace)
            return
        self.ending = True
        self.deadline = clock() + grace
        reason = 'the connection to the local end is lost' if lost else TERMINATING
        self.model.drop_queue()
        self.link.enter()
        try:
            for task in list(self.tasks):
                self.link.cancel(task, reason)
        finally:
            self.link.leave()
        if lost:
            self.link.end(Ending('the connection to the local end is lost'))
        try:
            start_thread(self.see_to_the_end)
        except Exception:
            # the system gives no more threads: then by this one
            self.see_to_the_end()

    def see_to_the_end(self):
        asked = clock()
        interrupted = False
        while clock() < self.deadline + (SERVICE_GRACE if self.services else 0):
            if not self.running():
                self.model.leave()
                # atexit handlers, threads that are no daemons: they may use what is left
                while clock() < self.deadline + UNNOTICED:
                    sleep(LOOK)
                break
            if not interrupted and clock() - asked > UNNOTICED:
                interrupted = True
                self.model.interrupt(list(self.tasks))
            sleep(LOOK)
        self.die()

    def running(self):
        return self.model.running > 0 or bool(self.services)

    def goodbye(self):
        self.output.post(frame(GOODBYE, 0, INT.pack(self.exit_code)))

    def die(self):
        """Ends this process and what it has started, now: waits for nothing that user code may hold."""
        if not self.lost:
            self.goodbye()
        if self.leads:
            try:
                kill(-getpid(), SIGKILL)
            except OSError:
                pass
        kill(getpid(), SIGKILL)

    def left(self):
        """The last of all atexit handlers."""
        if not self.ending:
            return
        if self.lost:
            self.die()
        self.goodbye()
        flush_prints()
        exit_process(self.exit_code)

    def keep_lease(self, interval):
        """Notices that the local end, or the network on the way to it, is gone without a word. It counts its looks and not the time: after a
        while in which this process was stopped, what has come meanwhile is read before the next look."""
        heard, silent = self.input.heard, 0
        while True:
            sleep(interval / 4000.0)
            silent = 0 if heard != self.input.heard else silent + 1
            heard = self.input.heard
            if silent >= 12:
                complain('nothing was heard of the local end for %g s: this end takes itself down' % (3 * interval / 1000.0))
                self.end(GRACE_WHEN_LOST, lost=True)
                return
