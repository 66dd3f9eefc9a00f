class Loader(object):
    """Bytes to values. `strings` says how strings of the other generation of Python arrive: (py2str_as_py3str, py3str_as_py2str)."""

    def __init__(self, link):
        self.link = link

    def load(self, data, strings):
        stack = []
        push = stack.append
        pos = 0
        unpack = INT.unpack
        try:
            while True:
                opcode = data[pos:pos + 1]
                pos += 1
                if opcode == OP_PY3STRING or opcode == OP_UNICODE:
                    end = pos + 4 + unpack(data[pos:pos + 4])[0]
                    part = data[pos + 4:end]
                    if PY2 and opcode == OP_PY3STRING and strings[1]:
                        push(part)
                    else:
                        push(part.decode('utf-8'))
                    pos = end
                elif opcode == OP_INT:
                    push(unpack(data[pos:pos + 4])[0])
                    pos += 4
                elif opcode == OP_SETITEM:
                    value = stack.pop()
                    key = stack.pop()
                    stack[-1][key] = value
                elif opcode == OP_STOP:
                    break
                elif opcode == OP_BYTES:
                    end = pos + 4 + unpack(data[pos:pos + 4])[0]
                    push(data[pos + 4:end])
                    pos = end
                elif opcode == OP_NONE:
                    push(None)
                elif opcode == OP_TRUE:
                    push(True)
                elif opcode == OP_FALSE:
                    push(False)
                elif opcode == OP_FLOAT:
                    push(FLOAT.unpack(data[pos:pos + 8])[0])
                    pos += 8
                elif opcode == OP_LIST:
                    push([None] * unpack(data[pos:pos + 4])[0])
                    pos += 4
                elif opcode == OP_DICT:
                    push({})
                elif opcode == OP_TUPLE or opcode == OP_SET or opcode == OP_FROZENSET:
                    count = unpack(data[pos:pos + 4])[0]
                    pos += 4
                    items = stack[len(stack) - count:]
                    del stack[len(stack) - count:]
                    push(tuple(items) if opcode == OP_TUPLE else set(items) if opcode == OP_SET else frozenset(items))
                elif opcode == OP_LONGINT or opcode == OP_LONGLONG:
                    end = pos + 4 + unpack(data[pos:pos + 4])[0]
                    push(integer(data[pos + 4:end].decode('ascii')))
                    pos = end
                elif opcode == OP_CHANNEL:
                    push(self.link.find(unpack(data[pos:pos + 4])[0]))
                    pos += 4
                elif opcode == OP_COMPLEX:
                    push(complex(*COMPLEX.unpack(data[pos:pos + 16])))
                    pos += 16
                elif opcode == OP_LONG:
                    value = unpack(data[pos:pos + 4])[0]
                    push(long_type(value) if PY2 else value)
                    pos += 4
                elif opcode == OP_PY2STRING:
                    end = pos + 4 + unpack(data[pos:pos + 4])[0]
                    part = data[pos + 4:end]
                    push(part.decode('latin-1') if not PY2 and strings[0] else part)
                    pos = end
                else:
                    raise LoadError('the opcode %r is unknown' % opcode)
        except (struct.error, IndexError, KeyError, TypeError, ValueError) as error:
            raise LoadError('the bytes are no value: %s' % error)
        if len(stack) != 1 or pos != len(data):
            raise LoadError('the bytes are no value: %d values, %d bytes left' % (len(stack), len(data) - pos))
        return stack[0]
