"""What the tour runs in Python, 2 and 3."""
import subprocess


def product(a, b):
    return a * b


def echo(channel):
    for item in channel:
        channel.send(item)


def items(channel, progress, count, size):
    for i in range(count):
        channel.send(bytearray([i & 255]) * size)
        progress.send(i + 1)


def load_settings(file):
    def parse(text):
        raise ValueError('%s: port %s is out of range' % (file, text))

    return parse('70000')


def start_child():
    return subprocess.Popen(['sleep', '600']).pid
