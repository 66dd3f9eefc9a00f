from execnet_scenarios import TIMEOUT, ends, receive, run


def first_example(group, spec):
    gw = group.makegateway(spec)
    channel = gw.remote_exec("channel.send(1 + 1)")
    assert receive(channel) == 2
    assert ends(channel)


def values_there_and_back(group, spec):
    channel = group.makegateway(spec).remote_exec("for await (const item of channel) await channel.send(item)")
    for value in [
        None,
        True,
        False,
        0,
        -1,
        2**31 - 1,
        -(2**31),
        2**31,
        2**53,
        10**40,
        1.5,
        float("inf"),
        1 - 2j,
        "",
        "caf\xe9 \U0001f600",
        b"\x00\xff",
        [],
        [1, [None, "a"]],
        (),
        (1, (2,), []),
        {},
        {"a": {"b": [True]}},
        {1: 2, (3, 4): None},
        {1, "a"},
        frozenset([1, 2]),
        "x" * 300_000,
        bytes(range(256)) * 5000,
    ]:
        channel.send(value)
        answer = receive(channel)
        assert answer == value and type(answer) is type(value), (value, answer)


def values_of_javascript(group, spec):
    channel = group.makegateway(spec).remote_exec(
        """
        for (const value of [undefined, 1.0, 0.5, 2n ** 70n, new Map([[1, 'one']]), new Set([1]), new Uint8Array([1, 2]), { a: [null] }])
          channel.send(value);
        """
    )
    got = [receive(channel) for _ in range(8)]
    assert got == [None, 1, 0.5, 2**70, {1: "one"}, {1}, b"\x01\x02", {"a": [None]}], got
    assert type(got[1]) is int


def unsendable_value(group, spec):
    channel = group.makegateway(spec).remote_exec(
        "try { await channel.send({ list: [() => 1] }) } catch (error) { await channel.send([error.name, error.path]) }"
    )
    assert receive(channel) == ["DumpError", "$.list[0]"]


def many_there(group, spec):
    count = 20_000
    channel = group.makegateway(spec).remote_exec(
        "let sum = 0, last; for await (const n of channel) { if (n === null) break; sum += n } await channel.send(sum)"
    )
    for number in range(count):
        channel.send(number)
    channel.send(None)
    assert receive(channel) == sum(range(count))


def many_back(group, spec):
    count = 20_000
    channel = group.makegateway(spec).remote_exec(
        "for (let n = 0; n < %d; n++) await channel.send(n)" % count
    )
    assert list(channel) == list(range(count))


def large_back(group, spec):
    channel = group.makegateway(spec).remote_exec(
        "for (let n = 0; n < 4; n++) channel.send(new Uint8Array(5e6).fill(n)); channel.send('end')"
    )
    for number in range(4):
        assert receive(channel) == bytes([number]) * 5_000_000
    assert receive(channel) == "end"


def both_ways_at_once(group, spec):
    """Each side sends more than a pipe holds before it reads: execnet takes what arrives, whoever waits for it."""
    channel = group.makegateway(spec).remote_exec(
        """
        for (let n = 0; n < 30; n++) await channel.send('x'.repeat(100000));
        let length = 0;
        for (let n = 0; n < 30; n++) length += (await channel.receive()).length;
        await channel.send(length);
        """
    )
    for _ in range(30):
        channel.send("y" * 100_000)
    assert sum(len(receive(channel)) for _ in range(30)) == 3_000_000
    assert receive(channel) == 3_000_000


def unread_there(group, spec):
    """What JavaScript does not read holds up nothing else."""
    gw = group.makegateway(spec)
    stalled = gw.remote_exec("await new Promise(() => {})")
    for _ in range(40):
        stalled.send(b"x" * 1_000_000)
    assert receive(gw.remote_exec("channel.send(1)")) == 1
    assert gw.remote_status().numexecuting == 1


def callback(group, spec):
    channel = group.makegateway(spec).remote_exec("for (let n = 0; n < 100; n++) await channel.send(n)")
    got = []
    channel.setcallback(got.append, endmarker="end")
    channel.waitclose(TIMEOUT)
    assert got == list(range(100)) + ["end"], got


def callback_of_javascript(group, spec):
    channel = group.makegateway(spec).remote_exec(
        """
        await new Promise((resolve) => channel.setCallback(
          (item) => item === 'end' ? resolve() : channel.send(item * 2), { endMarker: 'end' }));
        """
    )
    for number in range(10):
        channel.send(number)
    assert [receive(channel) for _ in range(10)] == [2 * number for number in range(10)]
    channel.send("end")
    assert ends(channel)


def blocking(group, spec):
    channel = group.makegateway(spec).remote_exec(
        """
        channel.sendSync(channel.receiveSync() + 1);
        for (const item of channel.sync()) { if (item === null) break; channel.sendSync(item) }
        try { channel.receiveSync({ timeout: 10 }) } catch (error) { channel.sendSync(error.name) }
        """
    )
    channel.send(1)
    assert receive(channel) == 2
    channel.send("a")
    assert receive(channel) == "a"
    channel.send(None)
    assert receive(channel) == "TimeoutError"
    assert ends(channel)


def files(group, spec):
    gw = group.makegateway(spec)
    channel = gw.remote_exec("const file = channel.makeFile('w'); file.write('one\\ntw'); file.write('o\\nthree'); file.end()")
    file = channel.makefile("r")
    assert [file.readline(), file.readline(), file.read(3), file.read(10)] == ["one\n", "two\n", "thr", "ee"]

    channel = gw.remote_exec(
        "let text = ''; for await (const part of channel.makeFile('r')) { text += part; if (text.endsWith('.')) break } channel.send(text)"
    )
    file = channel.makefile("w")
    file.write("written ")
    file.write("there.")
    assert receive(channel) == "written there."


def arguments(group, spec):
    """execnet itself gives arguments to functions only; a master of another make may give them to a source."""
    from execnet.gateway_base import Message, dumps_internal

    gw = group.makegateway(spec)
    channel = gw.newchannel()
    request = ("channel.send(args.a + args.b)", None, None, {"a": 1, "b": 2})
    gw._send(Message.CHANNEL_EXEC, channel.id, dumps_internal(request))
    assert receive(channel) == 3
    channel = gw.newchannel()
    request = ("\nasync function add(channel, { a, b }) { await channel.send(a + b) }", "/a/file.js", "add", {"a": 3, "b": 4})
    gw._send(Message.CHANNEL_EXEC, channel.id, dumps_internal(request))
    assert receive(channel) == 7
    assert ends(channel)


def imports(group, spec):
    channel = group.makegateway(spec).remote_exec(
        """
        const os = await import('node:os');
        channel.send(os.platform() === require('node:os').platform());
        """
    )
    assert receive(channel) is True


run(globals())
