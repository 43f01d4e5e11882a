# What scripts find besides pocketpy's own: files, by functions of the runtime. The text is run once, when the runtime is made.

class _File:
    def __init__(self, path, mode):
        kinds = mode.replace('b', '').replace('t', '').replace('+', '')
        if kinds not in ('r', 'w', 'a') or '+' in mode:
            raise ValueError('invalid mode: ' + repr(mode))
        self.name = path
        self.mode = mode
        self.closed = False
        self._binary = 'b' in mode
        self._data = None
        self._at = 0
        if kinds == 'r':
            data = _read_file(path)
            self._data = data if self._binary else data.decode()
        else:
            _write_file(path, b'', kinds == 'a')

    def _check(self, reads):
        if self.closed:
            raise ValueError('I/O operation on closed file')
        if reads != (self._data is not None):
            raise OSError('not readable' if reads else 'not writable')

    def read(self, size=-1):
        self._check(True)
        end = len(self._data)
        if size is not None and 0 <= size < end - self._at:
            end = self._at + size
        result = self._data[self._at:end]
        self._at = end
        return result

    def readline(self):
        self._check(True)
        rest = self._data[self._at:]
        if self._binary:
            end = 0
            while end < len(rest) and rest[end] != 10:
                end += 1
        else:
            end = rest.find('\n')
            if end < 0:
                end = len(rest)
        return self.read(end + 1)

    def readlines(self):
        self._check(True)
        rest = self.read()
        if self._binary:
            raise TypeError('readlines() is for text')
        lines = [line + '\n' for line in rest.split('\n')]
        if len(lines) > 0:
            last = lines.pop()
            if last != '\n':
                lines.append(last[:-1])
        return lines

    def __iter__(self):
        return iter(self.readlines())

    def write(self, data):
        self._check(False)
        if type(data) is not (bytes if self._binary else str):
            raise TypeError('a file in this mode takes ' + ('bytes' if self._binary else 'str'))
        _write_file(self.name, data if self._binary else data.encode(), True)
        return len(data)

    def flush(self):
        pass

    def close(self):
        self.closed = True
        self._data = None

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.close()


def open(path, mode='r', encoding='utf-8'):
    if type(path) is not str:
        raise TypeError('a path is a str')
    return _File(path, mode)
