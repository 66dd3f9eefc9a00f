from execnet_scenarios import TIMEOUT, failure, receive, remote_error, run


def of_javascript(group, spec):
    channel = group.makegateway(spec).remote_exec(
        """
        function inner() {
          throw new TypeError('it went wrong', { cause: new Error('for this reason') });
        }
        inner();
        """
    )
    text = remote_error(channel)
    assert text.startswith("TypeError: it went wrong\n"), text
    assert "inner" in text and "execnet:source:3:" in text, text
    assert "Caused by: Error: for this reason" in text, text


def told_once(group, spec):
    """waitclose raises it as well, and who closes with it later is told the same."""
    channel = group.makegateway(spec).remote_exec("await channel.send(1); throw new Error('late')")
    assert receive(channel) == 1
    assert "late" in str(failure(lambda: channel.waitclose(TIMEOUT), channel.RemoteError))


def thrown_things(group, spec):
    gw = group.makegateway(spec)
    for thrown, told in [("'text'", "text"), ("undefined", "undefined"), ("{ a: 1 }", "object"), ("new Error('\\ud800')", "\ufffd")]:
        text = remote_error(gw.remote_exec("throw %s" % thrown))
        assert told in text, (thrown, text)


def uncaught(group, spec):
    """As in a plain program an error that nobody catches ends the process; who waits hears of it before."""
    gw = group.makegateway(spec)
    channel = gw.remote_exec("setTimeout(() => { throw new RangeError('nobody caught it') }, 0); await new Promise(() => {})")
    text = remote_error(channel)
    assert "RangeError: nobody caught it" in text, text
    gw.join(TIMEOUT)


def exits(group, spec):
    gw = group.makegateway(spec)
    channel = gw.remote_exec("await channel.send('said'); process.exit(3)")
    assert receive(channel) == "said"
    failure(lambda: receive(channel), EOFError)
    assert gw._io.wait() == 3


def python_source(group, spec):
    gw = group.makegateway(spec)
    for source in [
        "import os; channel.send(os.getpid())",
        "for x in range(3):\n    channel.send(x)\n",
        "channel.send(len([None]))",
        "pass",
    ]:
        text = remote_error(gw.remote_exec(source))
        assert "this remote end runs JavaScript, on " in text, text


def python_function(channel, a, b):
    channel.send(a + b)


def function_of_python(group, spec):
    text = remote_error(group.makegateway(spec).remote_exec(python_function, a=1, b=2))
    assert "this remote end runs JavaScript, on " in text, text


def module_of_python(group, spec):
    import execnet_scenarios

    text = remote_error(group.makegateway(spec).remote_exec(execnet_scenarios))
    assert "this remote end runs JavaScript, on " in text, text


def gateway_through_it(group, spec):
    """It is no host for gateways of Python, and says why."""
    import execnet

    gw = group.makegateway(spec)
    channel = gw.remote_exec(execnet.gateway_io)
    assert "this remote end runs JavaScript, on " in remote_error(channel)


def no_request(group, spec):
    from execnet.gateway_base import Message, dumps_internal

    gw = group.makegateway(spec)
    for payload in [b"", b"\xff", b"N\x7f\xff\xff\xff", dumps_internal(None), dumps_internal(("a", "b")), dumps_internal((1, None, None, {}))]:
        channel = gw.newchannel()
        gw._send(Message.CHANNEL_EXEC, channel.id, payload)
        remote_error(channel)
    assert receive(gw.remote_exec("channel.send(1)")) == 1


def no_item(group, spec):
    from execnet.gateway_base import Message

    channel = group.makegateway(spec).remote_exec(
        "for (let n = 0; n < 3; n++) try { await channel.receive() } catch (error) { await channel.send(error.name) }"
    )
    for payload in [b"", b"\xff", b"B\x00\x00"]:
        channel.gateway._send(Message.CHANNEL_DATA, channel.id, payload)
        assert receive(channel) == "LoadError"


run(globals())
