import gc

from execnet_scenarios import TIMEOUT, ends, failure, receive, run


def nested(group, spec):
    gw = group.makegateway(spec)
    channel = gw.remote_exec(
        """
        const { inner: [inner], name } = await channel.receive();
        for await (const item of inner) await inner.send(name + item);
        channel.send('inner is closed');
        """
    )
    inner = gw.newchannel()
    channel.send({"name": "it is ", "inner": (inner,)})
    inner.send("a")
    assert receive(inner) == "it is a"
    inner.send("b")
    assert receive(inner) == "it is b"
    inner.close()
    assert receive(channel) == "inner is closed"


def nested_in_a_row(group, spec):
    """Items for a channel come right behind the item that brings it, which nobody has read yet."""
    gw = group.makegateway(spec)
    channel = gw.remote_exec(
        """
        await channel.receive();
        for await (const one of channel) { if (one === null) break; await channel.send([await one.receive(), await one.receive()]) }
        """
    )
    made = [gw.newchannel() for _ in range(50)]
    for number, inner in enumerate(made):
        channel.send(inner)
        inner.send(number)
        inner.send(b"x" * 100_000)
    # the first item was a channel, which was dropped there
    channel.send(None)
    for number in range(1, 50):
        first, second = receive(channel)
        assert (first, len(second)) == (number, 100_000)
    assert ends(channel)


def nested_in_other_threads(group, spec):
    gw = group.makegateway(spec)
    source = "const inner = await channel.receive(); await inner.send(await inner.receive()); await channel.receive()"
    channels = [gw.remote_exec(source) for _ in range(4)]
    made = [gw.newchannel() for _ in channels]
    for number, (channel, inner) in enumerate(zip(channels, made)):
        channel.send(inner)
        inner.send(number)
    assert [receive(inner) for inner in made] == [0, 1, 2, 3]
    for channel in channels:
        channel.send(None)
        assert ends(channel)


def nested_in_large_items(group, spec):
    """The channel stands behind more bytes than one read brings."""
    gw = group.makegateway(spec)
    channel = gw.remote_exec("const [bytes, text, inner] = await channel.receive(); await inner.send(bytes.length + text.length)")
    inner = gw.newchannel()
    channel.send([b"B" * 3_000_000, "B\x00\x00\x00\x07" * 1000, inner])
    assert receive(inner) == 3_005_000


def sent_back(group, spec):
    gw = group.makegateway(spec)
    channel = gw.remote_exec("const inner = await channel.receive(); await channel.send([inner]); await inner.receive()")
    inner = gw.newchannel()
    channel.send(inner)
    [same] = receive(channel)
    assert same is inner
    inner.send(1)
    assert ends(channel)


def closed_by_python(group, spec):
    gw = group.makegateway(spec)
    control = gw.newchannel()
    channel = gw.remote_exec(
        """
        const control = await channel.receive();
        const told = [];
        for await (const item of channel) told.push(item);
        try { await channel.send(1) } catch (error) { told.push(error.name) }
        await channel.waitClose();
        await control.send([...told, channel.isClosed]);
        """
    )
    channel.send(control)
    channel.send("last")
    channel.close()
    assert channel.isclosed()
    assert receive(control) == ["last", "ChannelClosedError", True]


def closed_by_python_with_an_error(group, spec):
    gw = group.makegateway(spec)
    control = gw.newchannel()
    channel = gw.remote_exec(
        "const control = await channel.receive(); try { await channel.receive() } catch (error) { await control.send([error.name, error.message]) }"
    )
    channel.send(control)
    channel.close("this is why")
    assert receive(control) == ["RemoteError", "this is why"]


def closed_by_javascript(group, spec):
    channel = group.makegateway(spec).remote_exec("channel.send(1); channel.close(); await new Promise((done) => setTimeout(done, 10))")
    channel.waitclose(TIMEOUT)
    assert channel.isclosed()
    assert receive(channel) == 1
    failure(lambda: channel.send(1), IOError)


def ended_by_javascript(group, spec):
    """To Python's execnet the last message of an execution is its end: so it hears of neither before the execution is over."""
    gw = group.makegateway(spec)
    channel = gw.remote_exec(
        """
        await channel.send(1);
        await channel.end();
        const failed = await channel.send(2).then(() => 'sent', (error) => error.code);
        const go = await channel.receive();
        throw new Error(`${go} ${failed}`);
        """
    )
    assert receive(channel) == 1
    failure(lambda: channel.waitclose(0.3), channel.TimeoutError)
    channel.send("go on")
    error = failure(lambda: channel.waitclose(TIMEOUT), channel.RemoteError)
    assert "go on ERR_EXECNET_CHANNEL_CLOSED" in str(error)
    # where no execution is behind it, only that direction ends
    control = gw.newchannel()
    channel = gw.remote_exec(
        "const control = await channel.receive(); await control.send(1); await control.end(); await channel.send(await control.receive())"
    )
    channel.send(control)
    assert receive(control) == 1
    ends(control)
    control.send("still read")
    assert receive(channel) == "still read"


def callback_of_python_fails(group, spec):
    gw = group.makegateway(spec)
    control = gw.newchannel()
    channel = gw.remote_exec(
        "const control = await channel.receive(); await channel.send(1); try { await channel.receive() } catch (error) { await control.send(error.message) }"
    )
    channel.setcallback(lambda item: 1 / 0)
    channel.send(control)
    assert "ZeroDivisionError" in receive(control)


def dropped(group, spec):
    """Closing is not cancelling: what runs behind a channel that nobody holds any more goes on."""
    gw = group.makegateway(spec)
    results = gw.newchannel()
    channel = gw.remote_exec(
        """
        const [results, go] = await channel.receive();
        await results.send('begun');
        await go.receive();
        await results.send([channel.isClosed, channel.signal.aborted]);
        """
    )
    go = gw.newchannel()
    channel.send((results, go))
    assert receive(results) == "begun"
    del channel
    gc.collect()
    assert gw.remote_status().numexecuting == 1
    go.send(1)
    assert receive(results) == [True, False]


def dropped_at_once(group, spec):
    gw = group.makegateway(spec)
    results = gw.newchannel()
    carrier = gw.remote_exec("globalThis.results = await channel.receive()")
    carrier.send(results)
    assert ends(carrier)
    for number in range(20):
        gw.remote_exec("await results.send(%d)" % number)
        assert receive(results) == number


def dropped_with_a_callback(group, spec):
    gw = group.makegateway(spec)
    got = gw.execmodel.queue.Queue()
    channel = gw.remote_exec("for await (const item of channel); for (let n = 0; n < 5; n++) await channel.send(n)")
    channel.setcallback(got.put, endmarker="end")
    del channel
    gc.collect()
    assert [got.get(timeout=TIMEOUT) for _ in range(6)] == [0, 1, 2, 3, 4, "end"]


def to_nobody(group, spec):
    """What comes for a channel that the other end does not know is dropped, as between two Pythons."""
    gw = group.makegateway(spec)
    channel = gw.remote_exec("const inner = await channel.receive(); await channel.send(await inner.receive())")
    inner = gw.newchannel()
    inner.send("too early")
    channel.send(inner)
    inner.send("in time")
    assert receive(channel) == "in time"


def timeouts(group, spec):
    channel = group.makegateway(spec).remote_exec("await channel.receive()")
    failure(lambda: channel.receive(timeout=0.05), channel.TimeoutError)
    failure(lambda: channel.waitclose(timeout=0.05), channel.TimeoutError)
    assert not channel.isclosed()
    channel.send(None)
    channel.waitclose(TIMEOUT)
    assert channel.isclosed()


def reconfigured(group, spec):
    """How strings of Python 2 arrive, in channels and threads to come."""
    from execnet.gateway_base import Message

    gw = group.makegateway(spec)

    def kind(channel):
        # what a master on Python 2 sends for a str
        gw._send(Message.CHANNEL_DATA, channel.id, b"M\x00\x00\x00\x01\xe9Q")
        return receive(channel)

    source = "for await (const item of channel) await channel.send(item)"
    first = gw.remote_exec(source)
    assert kind(first) == "\xe9"
    gw.reconfigure(py2str_as_py3str=False)
    assert kind(first) == "\xe9"
    second = gw.remote_exec(source)
    assert kind(second) == b"\xe9"
    second.reconfigure(py2str_as_py3str=True)
    assert kind(second) == "\xe9"
    # Python 3 says it with its strings unchanged
    second.reconfigure(py2str_as_py3str=True, py3str_as_py2str=True)
    second.send("a")
    assert receive(second) == "a"


run(globals())
